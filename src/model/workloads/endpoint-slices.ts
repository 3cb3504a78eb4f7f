import type { Pod, Service } from '../../api/types/core.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/network.ts';
import type { Family } from '../../lib/address.ts';
import { sameJson } from '../../lib/same-json.ts';
import { endpointOf, endpointPortNumbers, endpointPortsOf } from './endpoint.ts';
import { generatedName } from './names.ts';
import { controlledBy } from './owner.ts';
import { hasLabels } from './pods.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
/** The value of `managedByLabel` on slices made here; others' slices are never touched. */
export const managedByUs = 'endpointslice-controller.k8s.io';
const headlessLabel = 'service.kubernetes.io/headless';

/** Endpoints of one slice at most, as with kube-controller-manager's --max-endpoints-per-slice. */
const maxEndpoints = 100;

/** Pods that serve the same ports at addresses of one family: they share slices. */
interface Group {
  readonly addressType: Family;
  readonly ports: EndpointPort[];
  readonly key: string;
  readonly endpoints: Map<string, Endpoint>;
}

/** What else the slices of a Service depend on. */
export interface SliceContext {
  readonly existing?: Iterable<EndpointSlice>;
  /** The zone that a node's label says. */
  readonly zoneOf?: ZoneOf;
}

type ZoneOf = (nodeName: string) => string | undefined;

/**
 * The EndpointSlices of a Service, from the pods of its namespace (those it does not select are left out). None
 * for a Service without selector or an ExternalName. `existing` are its slices of now: endpoints stay in the
 * slice they are in, free places are filled, and a slice that stays as it is comes back as the same object, so
 * that a change costs its own size. Without `existing` the result depends on Service and pods alone.
 */
export function endpointSlicesOf(
  service: Service,
  pods: Iterable<Pod>,
  { existing = [], zoneOf = () => undefined }: SliceContext = {},
): EndpointSlice[] {
  const groups = groupPods(service, pods, zoneOf);
  const slices = [...existing].toSorted(byName);
  const names = new Set(slices.map(({ metadata }) => metadata.name));
  return groups.flatMap((group) => placeGroup(service, group, { slices, names }));
}

/** Families of a Service in its own order of preference. */
export function familiesOf(service: Service): Family[] {
  const { ipFamilies, clusterIP } = service.spec;
  if (ipFamilies !== undefined && ipFamilies.length > 0) return ipFamilies;
  return [clusterIP?.includes(':') === true ? 'IPv6' : 'IPv4'];
}

/** Whether the Service selects the pod. */
export function selectsPod(service: Service, pod: Pod): boolean {
  const { selector, type } = service.spec;
  if (selector === undefined || type === 'ExternalName' || Object.keys(selector).length === 0) return false;
  return service.metadata.namespace === pod.metadata.namespace && hasLabels(pod, selector);
}

function groupPods(service: Service, pods: Iterable<Pod>, zoneOf: ZoneOf): Group[] {
  const byNumbers = new Map<string, Group>();
  const families = familiesOf(service);
  for (const pod of pods) {
    if (!selectsPod(service, pod)) continue;
    const zone = pod.spec.nodeName === undefined ? undefined : zoneOf(pod.spec.nodeName);
    for (const addressType of families) {
      const endpoint = endpointOf(service, pod, { family: addressType, zone });
      if (endpoint === undefined) continue;
      const numbers = `${addressType} ${endpointPortNumbers(service, pod).join()}`;
      let group = byNumbers.get(numbers);
      if (group === undefined) {
        group = newGroup(service, pod, addressType);
        byNumbers.set(numbers, group);
      }
      group.endpoints.set(pod.metadata.name, endpoint);
    }
  }
  return [...byNumbers.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function newGroup(service: Service, pod: Pod, addressType: Family): Group {
  const ports = endpointPortsOf(service, pod);
  return { addressType, ports, key: groupKey(addressType, ports), endpoints: new Map() };
}

function groupKey(addressType: string, ports: readonly EndpointPort[] | undefined): string {
  const parts = (ports ?? []).map((port) => [
    port.name ?? '',
    port.protocol ?? 'TCP',
    port.port ?? 0,
    port.appProtocol ?? '',
  ]);
  return `${addressType} ${JSON.stringify(parts)}`;
}

function placeGroup(
  service: Service,
  group: Group,
  { slices, names }: { slices: readonly EndpointSlice[]; names: Set<string> },
): EndpointSlice[] {
  const waiting = new Map(group.endpoints);
  const mine = slices.filter((slice) => groupKey(slice.addressType, slice.ports) === group.key);
  const kept = mine.map((slice) => ({ slice, endpoints: takeKept(slice, waiting) }));
  const rest = [...waiting.keys()].toSorted();
  for (const { endpoints } of kept) {
    for (const name of rest.splice(0, maxEndpoints - endpoints.size)) move(name, waiting, endpoints);
  }
  const placed = kept
    .filter(({ endpoints }) => endpoints.size > 0)
    .map((entry) => sliceWith(service, group, entry));
  for (let index = 0; rest.length > 0; index++) {
    const name = generatedName(service.metadata.name, `${group.key} ${index}`);
    if (names.has(name)) continue;
    names.add(name);
    const endpoints = new Map<string, Endpoint>();
    for (const pod of rest.splice(0, maxEndpoints)) move(pod, waiting, endpoints);
    placed.push(sliceWith(service, group, { slice: newSlice(service, name), endpoints }));
  }
  return placed;
}

function takeKept(slice: EndpointSlice, waiting: Map<string, Endpoint>): Map<string, Endpoint> {
  const kept = new Map<string, Endpoint>();
  for (const { targetRef } of slice.endpoints) {
    if (targetRef !== undefined && kept.size < maxEndpoints) move(targetRef.name, waiting, kept);
  }
  return kept;
}

function move(name: string, from: Map<string, Endpoint>, to: Map<string, Endpoint>): void {
  const endpoint = from.get(name);
  if (endpoint === undefined) return;
  from.delete(name);
  to.set(name, endpoint);
}

/** The slice with these endpoints; the same object where nothing differs. */
function sliceWith(
  service: Service,
  group: Group,
  { slice, endpoints }: { slice: EndpointSlice; endpoints: ReadonlyMap<string, Endpoint> },
): EndpointSlice {
  const labels = labelsOf(service);
  const sorted = [...endpoints].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
  if (sameJson(slice.endpoints, sorted) && sameJson(slice.metadata.labels, labels)) return slice;
  return {
    ...slice,
    metadata: { ...slice.metadata, labels },
    addressType: group.addressType,
    endpoints: sorted,
    ports: group.ports,
  };
}

function newSlice(service: Service, name: string): EndpointSlice {
  const { namespace, uid } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { ownerReferences: [controlledBy(service)] }),
    },
    addressType: 'IPv4',
    endpoints: [],
  };
}

function labelsOf(service: Service): Record<string, string> {
  return {
    ...service.metadata.labels,
    [serviceNameLabel]: service.metadata.name,
    [managedByLabel]: managedByUs,
    ...(service.spec.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
  };
}

function byName(one: EndpointSlice, other: EndpointSlice): number {
  return one.metadata.name < other.metadata.name ? -1 : 1;
}
