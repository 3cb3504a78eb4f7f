import { messageOf } from '../../lib/errors.ts';

/** A network configuration list of the Container Network Interface (CNI specification, section 1). */
export interface CniConfiguration {
  /** Name of its file. */
  readonly file: string;
  readonly name: string;
  readonly cniVersion: string;
  readonly disableCheck: boolean;
  /** In the order in which they are called. */
  readonly plugins: readonly CniPlugin[];
}

/** One plugin of the list, with all that is configured of it. */
export interface CniPlugin {
  /** Name of the program. */
  readonly type: string;
  /** What the runtime may tell it. */
  readonly capabilities?: Readonly<Record<string, boolean>>;
}

/** The ConfigMap whose keys are names of configuration files, for all nodes of a lab. */
export const cniConfigMap = { namespace: 'kube-system', name: 'cni-net.d' } as const;

export interface FoundConfiguration {
  readonly configuration?: CniConfiguration;
  /** Why files that come before it do not count. */
  readonly problems: readonly string[];
}

const extensions = ['.conflist', '.conf', '.json'];

/** A file of a program, and not a path out of the folders of plugins. */
const plain = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/**
 * The configuration that counts: the first file by name that can be read, as container runtimes choose. `{{.PodCIDR}}`
 * stands for the node's block of pod addresses, as in containerd's `conf_template`.
 */
export function findConfiguration(
  files: Readonly<Record<string, string>>,
  { podCidr }: { readonly podCidr: string },
): FoundConfiguration {
  const problems: string[] = [];
  const names = Object.keys(files).filter((name) => extensions.some((end) => name.endsWith(end)));
  for (const file of names.toSorted()) {
    try {
      const text = (files[file] ?? '').replaceAll('{{.PodCIDR}}', podCidr);
      return { configuration: read(file, JSON.parse(text)), problems };
    } catch (error) {
      problems.push(`${file}: ${messageOf(error)}`);
    }
  }
  return { problems };
}

function read(file: string, value: unknown): CniConfiguration {
  if (!isObject(value)) throw new Error('it is no JSON object');
  const { name, cniVersion = '0.1.0', disableCheck = false } = value;
  if (typeof name !== 'string' || !plain.test(name))
    throw new Error('it needs a "name" of letters and digits');
  if (typeof cniVersion !== 'string') throw new Error('"cniVersion" must be text');
  // What is no list is one plugin.
  const plugins: unknown = file.endsWith('.conflist') || 'plugins' in value ? value['plugins'] : [value];
  if (!Array.isArray(plugins) || plugins.length === 0) throw new Error('it needs "plugins"');
  return {
    file,
    name,
    cniVersion,
    disableCheck: disableCheck === true || disableCheck === 'true',
    plugins: plugins.map(readPlugin),
  };
}

function readPlugin(value: unknown): CniPlugin {
  if (!isObject(value)) throw new Error('a plugin is no JSON object');
  const { type } = value;
  if (typeof type !== 'string' || !plain.test(type))
    throw new Error('a plugin needs a "type", the name of a program');
  return { ...value, type };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether plugins of this version know CHECK (CNI specification 0.4.0). */
export function knowsCheck({ cniVersion, disableCheck }: CniConfiguration): boolean {
  const [major = 0, minor = 0] = cniVersion.split('.').map(Number);
  return !disableCheck && (major > 0 || minor >= 4);
}
