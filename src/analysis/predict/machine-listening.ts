import type { VirtualMachine } from '../../api/types/fabric.ts';
import type { Machine } from '../../model/fabric/machines.ts';
import { machinePorts, type AnsweredPort } from '../../model/fabric/machine-ports.ts';
import type { Exit } from '../../model/fabric/network/passage.ts';
import type { ClusterIndex } from '../cluster-index.ts';

/** Who has a packet, and the ports that somebody has declared there. */
export interface ListeningMachine {
  /** `VirtualMachine web` */
  readonly name: string;
  /** `vm:web` */
  readonly at: string;
  /** Where the ports are declared, and in which field. */
  readonly object?: { readonly kind: string; readonly key: string } | undefined;
  readonly ports: string;
  isListening(asked: AnsweredPort): boolean;
}

/** The machine that has a packet now; undefined where nobody says at what it answers. */
export function machineAt({ cluster, networks }: ClusterIndex, reached: Exit): ListeningMachine | undefined {
  switch (reached.kind) {
    case 'interface': {
      const { id, machine: key } = reached.one;
      const found = id.startsWith('vm:') ? machineCalled(cluster.surroundings ?? [], key) : undefined;
      return found && described('VirtualMachine', key, found.spec.ports);
    }
    case 'site': {
      const { metadata, spec } = reached.site;
      return described('Site', metadata.name, spec.ports);
    }
    case 'services':
    case 'endpoint': {
      const ports = machinePorts((networks?.world.services ?? []).map((service) => service.ports));
      return {
        name: 'a public service',
        at: 'internet',
        ports: portsField,
        isListening: (asked) => has(ports, asked),
      };
    }
    case 'internet':
    case 'platform':
    default:
      return undefined;
  }
}

/** The same of a machine on a segment. */
export function landedMachine(
  { cluster, segments }: ClusterIndex,
  landed: Machine,
): ListeningMachine | undefined {
  const name = segments?.nameOf(landed) ?? '';
  if (!name.startsWith('vm:')) return undefined;
  const key = name.slice('vm:'.length);
  const found = machineCalled(cluster.layer2 ?? [], key);
  return found && described('VirtualMachine', key, found.spec.ports);
}

function machineCalled(
  objects: NonNullable<ClusterIndex['cluster']['surroundings']>,
  name: string,
): VirtualMachine | undefined {
  const found = objects.find(({ kind, metadata }) => kind === 'VirtualMachine' && metadata.name === name);
  // What has the kind is of the kind's type.
  return found as VirtualMachine | undefined;
}

const portsField = 'spec.ports';
const prefixes = { VirtualMachine: 'vm', Site: 'site' } as const;

function described(
  kind: keyof typeof prefixes,
  key: string,
  declared: VirtualMachine['spec']['ports'],
): ListeningMachine {
  const ports = machinePorts([declared]);
  return {
    name: `${kind} ${key}`,
    at: `${prefixes[kind]}:${key}`,
    object: { kind, key },
    ports: portsField,
    isListening: (asked) => has(ports, asked),
  };
}

const has = (ports: readonly AnsweredPort[], { protocol, port }: AnsweredPort): boolean =>
  ports.some((one) => one.protocol === protocol && one.port === port);
