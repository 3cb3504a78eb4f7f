import type { EndpointAddress, Endpoints, Service } from '../../api/types/core.ts';
import type { Endpoint, EndpointSlice } from '../../api/types/network.ts';
import { canonicalJson } from './names.ts';
import { controlledBy } from './owner.ts';
import { familiesOf } from './endpoint-slices.ts';

/** Addresses of one Endpoints object at most (EndpointSlice mirroring, "over capacity"). */
const maxAddresses = 1000;

type Subset = NonNullable<Endpoints['subsets']>[number];

/**
 * core/v1 Endpoints that say what a Service's slices say, for clients that read nothing newer: the Service's
 * first address family, without endpoints that are terminating, a subset per set of ports.
 */
export function endpointsOf(service: Service, slices: Iterable<EndpointSlice>): Endpoints {
  const { name, namespace, labels, uid } = service.metadata;
  const [family] = familiesOf(service);
  const subsets = new Map<string, Required<Subset>>();
  let room = maxAddresses;
  for (const slice of slices) {
    if (slice.addressType !== family) continue;
    const subset = subsetFor(slice, subsets);
    for (const endpoint of slice.endpoints) {
      if (endpoint.conditions?.terminating === true || room-- <= 0) continue;
      const list = endpoint.conditions?.ready === false ? subset.notReadyAddresses : subset.addresses;
      list.push(...addressesOf(endpoint));
    }
  }
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(uid === undefined ? {} : { ownerReferences: [controlledBy(service)] }),
    },
    subsets: [...subsets]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, subset]) => withoutEmpty(subset)),
  };
}

function subsetFor(slice: EndpointSlice, subsets: Map<string, Required<Subset>>): Required<Subset> {
  const ports = (slice.ports ?? []).map(({ name = '', port = 0, protocol = 'TCP' }) => ({
    ...(name === '' ? {} : { name }),
    port,
    protocol,
  }));
  const key = canonicalJson(ports);
  const subset = subsets.get(key) ?? { addresses: [], notReadyAddresses: [], ports };
  subsets.set(key, subset);
  return subset;
}

function addressesOf({ addresses, hostname, nodeName, targetRef }: Endpoint): EndpointAddress[] {
  return addresses.map((ip) => ({
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  }));
}

function withoutEmpty({ addresses, notReadyAddresses, ports }: Required<Subset>): Subset[] {
  if (addresses.length + notReadyAddresses.length === 0) return [];
  return [
    {
      ...(addresses.length === 0 ? {} : { addresses: addresses.toSorted(byIp) }),
      ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses: notReadyAddresses.toSorted(byIp) }),
      ...(ports.length === 0 ? {} : { ports }),
    },
  ];
}

function byIp(one: EndpointAddress, other: EndpointAddress): number {
  return one.ip < other.ip ? -1 : 1;
}
