import type { Pod, Service } from '../../api/types/core.ts';
import type { Protocol } from '../../api/types/meta.ts';
import type { Endpoint, EndpointPort } from '../../api/types/network.ts';
import type { Family } from '../../lib/address.ts';
import { lastingContainers } from '../identity/pod-facts.ts';
import { hasEnded, isPodReady } from './pod-state.ts';

/**
 * The pod as an endpoint of the Service in one address family; undefined when it has no address there or has
 * ended. Conditions as in KEP-1672: `serving` is the pod's readiness, `ready` takes in addition that it is not
 * being deleted, unless the Service publishes addresses that are not ready.
 */
export function endpointOf(
  service: Service,
  pod: Pod,
  { family, zone }: { readonly family: Family; readonly zone: string | undefined },
): Endpoint | undefined {
  const address = addressesOf(pod).find((ip) => (ip.includes(':') ? 'IPv6' : 'IPv4') === family);
  if (address === undefined || hasEnded(pod)) return undefined;
  const { name, namespace, uid, deletionTimestamp } = pod.metadata;
  const serving = isPodReady(pod);
  const terminating = deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { hostname, subdomain, nodeName } = pod.spec;
  const isNamed = hostname !== undefined && hostname !== '' && subdomain === service.metadata.name;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(isNamed ? { hostname } : {}),
    ...placeOf({ nodeName, zone }),
    ...(ready ? hintsOf(service, { nodeName, zone }) : {}),
    targetRef: {
      kind: 'Pod',
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
  };
}

interface EndpointPlace {
  readonly nodeName: string | undefined;
  readonly zone: string | undefined;
}

function placeOf({ nodeName, zone }: EndpointPlace): Pick<Endpoint, 'nodeName' | 'zone'> {
  return { ...(nodeName === undefined ? {} : { nodeName }), ...(zone === undefined ? {} : { zone }) };
}

/** Whom a ready endpoint is meant for, as `trafficDistribution` says (KEP-3015): its own node, or its own zone. */
function hintsOf(
  { spec: { trafficDistribution } }: Service,
  { nodeName, zone }: EndpointPlace,
): Pick<Endpoint, 'hints'> {
  if (trafficDistribution === undefined) return {};
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  const isByNode = trafficDistribution === 'PreferSameNode' && nodeName !== undefined;
  const hints = { ...forZones, ...(isByNode ? { forNodes: [{ name: nodeName }] } : {}) };
  return Object.keys(hints).length === 0 ? {} : { hints };
}

/** All addresses of a pod. On the host network they are its node's, also before the status repeats them. */
function addressesOf(pod: Pod): string[] {
  const { podIPs, podIP, hostIPs, hostIP } = pod.status ?? {};
  const own = podIPs?.map(({ ip }) => ip) ?? (podIP === undefined ? [] : [podIP]);
  if (own.length > 0 || pod.spec.hostNetwork !== true) return own;
  return hostIPs?.map(({ ip }) => ip) ?? (hostIP === undefined ? [] : [hostIP]);
}

/**
 * The Service's ports as this pod serves them, in the Service's order. A targetPort by name is looked up in the
 * pod's containers, by name and protocol; a pod that does not have it does not serve that port.
 */
export function endpointPortsOf(service: Service, pod: Pod): EndpointPort[] {
  const numbers = endpointPortNumbers(service, pod);
  return (service.spec.ports ?? []).flatMap(({ name = '', protocol = 'TCP', appProtocol }, index) => {
    const port = numbers[index];
    return port === undefined
      ? []
      : [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

/** The number behind each of the Service's ports in this pod; undefined where it has none. */
export function endpointPortNumbers(service: Service, pod: Pod): (number | undefined)[] {
  return (service.spec.ports ?? []).map(({ port, protocol = 'TCP', targetPort = port }) =>
    typeof targetPort === 'number' ? targetPort : numberOf(pod, targetPort, protocol),
  );
}

function numberOf(pod: Pod, name: string, protocol: Protocol): number | undefined {
  for (const container of lastingContainers(pod)) {
    for (const port of container.ports ?? []) {
      if (port.name === name && (port.protocol ?? 'TCP') === protocol) return port.containerPort;
    }
  }
  return undefined;
}
