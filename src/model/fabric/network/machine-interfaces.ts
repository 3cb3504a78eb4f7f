import type { VirtualMachine, VirtualMachineInterface, VirtualNetwork } from '../../../api/types/fabric.ts';
import { isWithin } from './next-hop.ts';
import { firstFree } from './subnets.ts';
import type { NetworkInterface } from './world.ts';

/** Pin's name of the namespace of a VirtualMachine. */
export function virtualMachineNetns(name: string): string {
  return `vm-${name}`;
}

interface Surroundings {
  readonly networks: ReadonlyMap<string, VirtualNetwork>;
  /** Interfaces whose addresses are somebody's already. */
  readonly taken: readonly NetworkInterface[];
}

/**
 * The interfaces of machines in virtual networks, with addresses: those that a machine asks for, else those that its
 * status says it has, else the first free ones. Interfaces whose subnet there is not, or is full, are left out.
 */
export function machineInterfaces(
  machines: Iterable<VirtualMachine>,
  { networks, taken }: Surroundings,
): NetworkInterface[] {
  const all = [...machines].flatMap((machine) =>
    machine.spec.interfaces.map((one) => ({ machine, one, known: knownAddresses(machine, one) })),
  );
  const used = new Map<string, Set<string>>();
  const usedIn = (network: string): Set<string> => {
    const set = used.get(network) ?? new Set();
    used.set(network, set);
    return set;
  };
  /** What nodes have for their pods, where these are no single addresses. */
  const blocks = new Map<string, string[]>();
  for (const { network, addresses, assigned } of taken) {
    for (const address of addresses) usedIn(network).add(address);
    for (const prefix of assigned) {
      if (prefix.endsWith('/32')) usedIn(network).add(prefix.slice(0, -'/32'.length));
      else blocks.set(network, [...(blocks.get(network) ?? []), prefix]);
    }
  }
  // What is somebody's already is given to nobody who comes earlier in the alphabet.
  for (const { one, known } of all) for (const address of known) usedIn(one.network ?? '').add(address);
  return all.flatMap(({ machine, one, known }) => {
    const { network = '', subnet = '' } = one;
    const prefix = networks.get(network)?.spec.subnets?.find(({ name }) => name === subnet)?.prefix;
    if (prefix === undefined) return [];
    const isUsed = (address: string): boolean =>
      usedIn(network).has(address) || isWithin(blocks.get(network) ?? [], address);
    const free = known.length > 0 ? undefined : firstFree(prefix, isUsed);
    const addresses = free === undefined ? known : [free];
    if (free !== undefined) usedIn(network).add(free);
    return addresses.length === 0 ? [] : [interfaceOf(machine.metadata.name, one, addresses)];
  });
}

function knownAddresses({ status }: VirtualMachine, one: VirtualMachineInterface): readonly string[] {
  if (one.addresses !== undefined && one.addresses.length > 0) return one.addresses;
  return status?.interfaces?.find(({ name }) => name === one.name)?.addresses ?? [];
}

function interfaceOf(
  machine: string,
  {
    name,
    network = '',
    subnet = '',
    enableIPForwarding = false,
    masquerade = false,
    networkSecurityGroup,
  }: VirtualMachineInterface,
  addresses: readonly string[],
): NetworkInterface {
  return {
    id: `vm:${machine}/${name}`,
    machine,
    netns: virtualMachineNetns(machine),
    name,
    network,
    subnet,
    addresses,
    assigned: [],
    forwards: enableIPForwarding,
    ...(masquerade && { masquerades: true }),
    ...(networkSecurityGroup !== undefined && { securityGroup: networkSecurityGroup }),
  };
}
