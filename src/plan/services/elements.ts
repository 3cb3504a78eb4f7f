import type { ServicePortModel } from '../../model/services/port.ts';
import type { PlannedElement, SetTypes } from '../elements/ledger.ts';
import { serviceSets, slotType } from './skeleton.ts';

/** Numbers for service-ports: small, stable while the service-port exists, never 0 (no mark). */
export interface ServicePortIds {
  idOf(key: string): number;
}

/** Ids by order of first use. A mark has 32 bits: four thousand million service-ports in an agent's life. */
export function createServicePortIds(): ServicePortIds {
  const ids = new Map<string, number>();
  return {
    idOf(key) {
      const known = ids.get(key);
      if (known !== undefined) return known;
      ids.set(key, ids.size + 1);
      return ids.size;
    },
  };
}

/**
 * The elements of one Service: its service-ports with their addresses, its endpoints in slots, the hairpin pairs.
 * A service-port without endpoints has no entry in the translating maps; the filter rejects it.
 */
export function serviceElements(ports: readonly ServicePortModel[], ids: ServicePortIds): PlannedElement[] {
  return ports.flatMap((port) => servicePortElements(port, ids.idOf(port.key)));
}

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

/** Types of the table's sets when it has this many slots. */
export function serviceSetTypes(): SetTypes {
  return new Proxy<Record<string, SetTypes[string]>>(
    { ...serviceSets },
    {
      get: (sets, name) =>
        typeof name === 'string' && name.startsWith('slot-') ? slotType : sets[String(name)],
    },
  );
}
