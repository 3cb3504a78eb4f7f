import type { SegmentAddress } from '../../../api/types/layer2.ts';
import type { VirtualMachine } from '../../../api/types/fabric.ts';
import { demandsOfMachine, segmentAddressName, type AddressDemand } from './demands.ts';
import { domainsOf, freeAddress } from './domains.ts';
import type { Layer2Objects } from './world.ts';

/**
 * The addresses that demands would be given in a lab with nothing else in it: those that are asked for by name, then the
 * lowest free ones of ranges, in the order of the demands. Who finds none has none.
 */
export function imaginedAddresses(demands: readonly AddressDemand[]): SegmentAddress[] {
  const taken = new Set<string>();
  const place = ({ domain }: AddressDemand, address: string): string => `${domain.key} ${address}`;
  for (const demand of demands) if ('address' in demand.want) taken.add(place(demand, demand.want.address));
  return demands.flatMap((demand) => {
    const { domain, holder, want } = demand;
    const address =
      'address' in want
        ? want.address
        : freeAddress(domain, want.range, (one) => taken.has(place(demand, one)));
    if (address === undefined) return [];
    taken.add(place(demand, address));
    return [
      {
        apiVersion: 'weft.dev/v1alpha1',
        kind: 'SegmentAddress',
        metadata: { name: segmentAddressName(domain.key, address) },
        spec: { domain: domain.key, address, holder },
      },
    ];
  });
}

/** Machines on segments with the addresses that they would be given, in their status where nothing is yet. */
export function withImaginedAddresses(
  { machines, segments, switches }: Pick<Layer2Objects, 'machines' | 'segments' | 'switches'>,
  nodes: ReadonlySet<string>,
): VirtualMachine[] {
  const domains = domainsOf(segments, switches);
  const claims = imaginedAddresses(
    machines.flatMap((vm) => demandsOfMachine(vm, domains, nodes.has(vm.metadata.name)).demands),
  );
  return machines.map((vm) => {
    const own = claims.filter(({ spec }) => spec.holder.name === vm.metadata.name);
    const interfaces = vm.spec.interfaces.map(({ name }) => ({
      name,
      addresses: own.filter(({ spec }) => spec.holder.interface === name).map(({ spec }) => spec.address),
    }));
    return vm.status === undefined && own.length > 0 ? { ...vm, status: { interfaces } } : vm;
  });
}
