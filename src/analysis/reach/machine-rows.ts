import { formatAddress, parseAddress } from '../../lib/address.ts';
import { openPorts } from '../../model/policy/open-ports.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import { intersectPorts, noPorts, unionPorts, type PortSet } from '../../model/policy/port-set.ts';
import { labAddresses } from '../../model/network/lab-addresses.ts';
import { wholeSpace } from '../../model/policy/ranges.ts';
import type { ReachEnd, ReachRows } from './answer.ts';
import { distinctReasons, type Because } from './because.ts';
import type { Entity, Group } from './groups.ts';
import type { NetworkRanges } from './network-ranges.ts';
import type { Machine, Party, ReachNetworks } from './networks.ts';
import { distinctPorts } from './pairs.ts';
import { portsInWords } from './variants.ts';

/** Tells rows of which one end is a machine or a site around the nodes. */
export interface MachineRows {
  fromMachines(destinations: readonly Entity[]): void;
  toMachines(source: Entity): void;
  /** To others of them and to the internet. */
  betweenMachines(): void;
}

/** Where there are none. */
export const noMachines: MachineRows = {
  fromMachines: () => undefined,
  toMachines: () => undefined,
  betweenMachines: () => undefined,
};

/** A machine has no policies; those of pods know it by its address. */
export function machineRows(
  networks: ReachNetworks,
  ranges: NetworkRanges,
  { because, answer }: { readonly because: Because; readonly answer: ReachRows },
): MachineRows {
  const { machines } = networks;

  const add = (source: string, destination: ReachEnd, ways: readonly Way[]): void => {
    const variants = distinctPorts(ways.map(({ ports }) => ports));
    const words = variants.map(portsInWords).join(' or ');
    answer.add(source, destination, variants.reduce(unionPorts, noPorts), {
      why: variants.length > 1 ? `it depends on the pods: ${words}` : undefined,
      because: (asked) =>
        distinctReasons(
          ways.flatMap(({ ports, ...way }) => because.machine(way, intersectPorts(asked, ports))),
        ),
    });
  };

  const wayFrom = (machine: Machine, group: Group): Way[] => {
    if (group.party === undefined) return [];
    const source = networks.asking(machine, group.party.place.address);
    const ports = portsOf(networks, source, group.party);
    const open = policyPorts(group.policy.ingress, source);
    return [
      { source, destination: group.party, group, direction: 'ingress', ports: intersectPorts(ports, open) },
    ];
  };
  const wayTo = (group: Group, machine: Machine): Way[] => {
    if (group.party === undefined) return [];
    const destination = networks.ofMachine(machine);
    const ports = portsOf(networks, group.party, destination);
    const open = policyPorts(group.policy.egress, destination);
    return [
      { source: group.party, destination, group, direction: 'egress', ports: intersectPorts(ports, open) },
    ];
  };

  return {
    fromMachines(destinations) {
      for (const machine of machines) {
        for (const { name, groups } of destinations) {
          add(
            machine.name,
            name,
            groups.flatMap((group) => wayFrom(machine, group)),
          );
        }
      }
    },
    toMachines({ name, groups }) {
      for (const machine of machines)
        add(
          name,
          machine.name,
          groups.flatMap((group) => wayTo(group, machine)),
        );
    },
    betweenMachines() {
      for (const from of machines) {
        const sender = networks.asking(from, labAddresses.internet);
        for (const row of ranges.to(everything, [{ party: sender }])) {
          const place = { kind: 'external', address: formatAddress(row.range.first) } as const;
          add(from.name, row.end, [{ source: sender, destination: { place }, ports: row.ports }]);
        }
        for (const to of machines) {
          if (from === to) continue;
          const [source, destination] = [networks.asking(from, to.address), networks.ofMachine(to)];
          add(from.name, to.name, [{ source, destination, ports: portsOf(networks, source, destination) }]);
        }
      }
    },
  };
}

/** Machines have no policies. */
const everything = [{ range: wholeSpace('IPv4'), ports: 'all', isAgreed: true }] as const;

/** From one to the other, and the pods at whose policies it passes. */
interface Way {
  readonly source: Party;
  readonly destination: Pick<Party, 'place'>;
  readonly group?: Group;
  readonly direction?: 'ingress' | 'egress';
  readonly ports: PortSet;
}

const portsOf = (networks: ReachNetworks, source: Party, destination: Party): PortSet =>
  networks.between(source, destination).ports;

function policyPorts(policy: DirectionPolicy, { place }: Party): PortSet {
  const address = parseAddress(place.address);
  return address === undefined ? noPorts : openPorts(policy, { address, peerClass: 0 });
}
