import type { Family } from '../../lib/address.ts';
import { hash32 } from '../../lib/hash.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import type { PlannedElement, SetTypes } from '../elements/ledger.ts';
import { serviceSets, slotTypes } from './skeleton.ts';

/** Turns Services into elements, for all nodes of a process alike. */
export interface ServicePlanner {
  /**
   * The elements of one Service in the table of a family: its service-ports with their addresses, its endpoints in
   * slots, the hairpin pairs.
   * A service-port without endpoints has no entry in the translating maps; the filter rejects it. Equal arguments
   * (by identity, as the model keeps it) are planned once.
   */
  elementsOf(ports: readonly ServicePortModel[], family: Family): readonly PlannedElement[];
}

/**
 * The number of a service-port follows from its key, so that the next process finds in the kernel what it would write
 * itself; where two are the same, the later one takes the next that is free. A number is never 0, which is no mark.
 */
export function createServicePlanner(): ServicePlanner {
  const ids = new Map<string, number>();
  const planned = { IPv4: new WeakMap<Ports, Elements>(), IPv6: new WeakMap<Ports, Elements>() };
  const taken = new Set([0]);
  const idOf = (key: string): number => {
    const known = ids.get(key);
    if (known !== undefined) return known;
    let id = hash32(key);
    while (taken.has(id)) id = (id + 1) >>> 0;
    taken.add(id);
    ids.set(key, id);
    return id;
  };
  return {
    elementsOf(ports, family) {
      const known = planned[family].get(ports);
      if (known !== undefined) return known;
      const elements = ports
        .filter((port) => port.family === family)
        .flatMap((port) => servicePortElements(port, idOf(port.key)));
      planned[family].set(ports, elements);
      return elements;
    },
  };
}

type Ports = readonly ServicePortModel[];
type Elements = readonly PlannedElement[];

function servicePortElements(port: ServicePortModel, id: number): PlannedElement[] {
  const protocol = port.protocol.toLowerCase();
  const elements: PlannedElement[] = port.clusterIPs.map((address) => ({
    set: 'cluster-addresses',
    key: [address],
  }));
  const count = port.endpoints.length;
  if (count === 0) {
    if (port.nodePort !== undefined)
      elements.push({ set: 'unserved-node-ports', key: [protocol, port.nodePort] });
    return elements;
  }
  const chain = { verdict: 'goto', chain: `of-${count}` } as const;
  for (const address of port.clusterIPs) {
    const key = [address, protocol, port.port];
    elements.push({ set: 'service-ids', key, value: [id] }, { set: 'service-chains', key, value: chain });
  }
  if (port.nodePort !== undefined) {
    const key = [protocol, port.nodePort];
    elements.push({ set: 'node-port-ids', key, value: [id] }, { set: 'node-port-chains', key, value: chain });
  }
  for (const [slot, { address, port: targetPort }] of port.endpoints.entries()) {
    elements.push(
      { set: `slot-${slot}`, key: [id], value: [address, targetPort] },
      { set: 'hairpin', key: [address, address] },
    );
  }
  return elements;
}

/** Types of the table's sets, however many slots it has. */
export function serviceSetTypes(family: Family): SetTypes {
  return new Proxy<Record<string, SetTypes[string]>>(
    { ...serviceSets[family] },
    {
      get: (sets, name) =>
        typeof name === 'string' && name.startsWith('slot-') ? slotTypes[family] : sets[String(name)],
    },
  );
}
