import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { WeftError } from '../../lib/errors.ts';
import type { CniCall, CniPlugins } from './port.ts';

/** Where container runtimes look, and where Debian's containernetworking-plugins are. */
const defaultFolders = ['/opt/cni/bin', '/usr/lib/cni'];

/** A plugin that takes longer is ended: it may wait for a lock that nobody gives back. */
const timeoutMs = 20_000;
const mostBytes = 1024 * 1024;

/**
 * In a mount namespace of its own the plugin finds the node's own files below /var/lib. Paths and words are arguments,
 * never parts of the script.
 */
const script = 'mount --bind "$1/lib" /var/lib && shift && exec "$@"';

export interface CniPluginsOptions {
  /** Folders of plugins, as `CNI_PATH` has them. */
  readonly path?: string | undefined;
}

export function createCniPlugins({ path }: CniPluginsOptions = {}): CniPlugins {
  const folders = path === undefined || path === '' ? defaultFolders : path.split(delimiter);

  const find = (plugin: string): string => {
    const found = folders.map((folder) => join(folder, plugin)).find(isProgram);
    if (found !== undefined) return found;
    throw new WeftError('cni-plugin-missing', `no CNI plugin ${plugin} in ${folders.join(' or ')}`, {
      fault: 'environment',
      hint: 'install the package containernetworking-plugins, or set CNI_PATH',
    });
  };

  return {
    async run(call) {
      const program = find(call.plugin);
      mkdirSync(join(call.state, 'lib'), { recursive: true, mode: 0o700 });
      const inside = [`--net=${call.nodeNetns}`, 'unshare', '--mount', '--propagation', 'private'];
      const words = ['sh', '-c', script, 'weft', call.state, program];
      const { code, out, err } = await runToEnd([...inside, ...words], {
        input: call.input,
        env: environmentOf(call, folders),
      });
      if (code === 0) return out;
      throw new WeftError('cni-plugin-failed', `${call.plugin} ${call.command}: ${reasonOf(out, err)}`);
    },
  };
}

function environmentOf(call: CniCall, folders: readonly string[]): Record<string, string> {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    CNI_COMMAND: call.command,
    CNI_CONTAINERID: call.containerId,
    CNI_NETNS: call.podNetns,
    CNI_IFNAME: call.interfaceName,
    CNI_ARGS: call.args,
    CNI_PATH: folders.join(delimiter),
  };
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function runToEnd(
  args: readonly string[],
  { input, env }: { readonly input: string; readonly env: Record<string, string> },
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', args, { env, timeout: timeoutMs, killSignal: 'SIGKILL', cwd: '/' });
    const heard = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (more: string) => (heard.out = limited(heard.out + more)));
    child.stderr.setEncoding('utf8').on('data', (more: string) => (heard.err = limited(heard.err + more)));
    child.once('error', (cause) =>
      reject(
        new WeftError('cni-plugin-failed', `nsenter: ${cause.message}`, { fault: 'environment', cause }),
      ),
    );
    child.once('close', (code) => resolve({ code: code ?? 128, ...heard }));
    // It may end without reading.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

const limited = (text: string): string => text.slice(0, mostBytes);

/** Errors are told as JSON on standard output (CNI specification, section 5). */
function reasonOf(out: string, err: string): string {
  try {
    const { msg = '', details = '' } = JSON.parse(out) as { msg?: string; details?: string };
    if (msg !== '') return details === '' ? msg : `${msg}: ${details}`;
  } catch {
    // Not every program keeps to it.
  }
  return err.trim() || out.trim() || 'it failed and said nothing';
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
