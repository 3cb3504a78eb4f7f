import { parseAddress, type Family } from '../../lib/address.ts';
import type { EndpointAddress, Endpoints, Service } from '../../api/types/core.ts';
import type { Endpoint, EndpointSlice } from '../../api/types/network.ts';
import { managedByLabel, serviceNameLabel } from './endpoint-slices.ts';
import { generatedName } from './names.ts';
import { controlledBy } from './owner.ts';

/** The value of `managedByLabel` on slices that mirror Endpoints. */
export const mirroredByUs = 'endpointslicemirroring-controller.k8s.io';

/** Endpoints with this label at `true` are mirrored by nobody: whoever wrote them writes slices too. */
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
/** Endpoints with this annotation are locks of a leader election. */
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';

const unmirroredAnnotations = new Set([
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]);

/** Addresses of one subset that are mirrored at most (--mirroring-max-endpoints-per-subset). */
const maxAddresses = 1000;

const families: readonly Family[] = ['IPv4', 'IPv6'];

/**
 * The EndpointSlices that mirror the Endpoints that somebody wrote for a Service without selector (KEP-1713): one
 * per subset and address family. None where either is missing, or the Endpoints say so.
 */
export function mirroredSlicesOf(
  service: Service | undefined,
  endpoints: Endpoints | undefined,
): EndpointSlice[] {
  if (service === undefined || endpoints === undefined || !isMirrored(service, endpoints)) return [];
  return (endpoints.subsets ?? []).flatMap((subset, index) =>
    families.flatMap((family) => sliceOf(endpoints, subset, { family, index })),
  );
}

function isMirrored({ spec }: Service, { metadata }: Endpoints): boolean {
  if (Object.keys(spec.selector ?? {}).length > 0 || spec.type === 'ExternalName') return false;
  return metadata.labels?.[skipLabel] !== 'true' && metadata.annotations?.[leaderAnnotation] === undefined;
}

function sliceOf(
  endpoints: Endpoints,
  subset: NonNullable<Endpoints['subsets']>[number],
  { family, index }: { family: Family; index: number },
): EndpointSlice[] {
  const ready = ofFamily(subset.addresses, family).map((one) => endpointOf(one, true));
  const waiting = ofFamily(subset.notReadyAddresses, family).map((one) => endpointOf(one, false));
  const all = [...ready, ...waiting].slice(0, maxAddresses);
  if (all.length === 0) return [];
  const { name, namespace, uid, labels, annotations } = endpoints.metadata;
  const copied = Object.entries(annotations ?? {}).filter(([key]) => !unmirroredAnnotations.has(key));
  return [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: generatedName(name, `mirror ${family} ${index}`),
        ...(namespace === undefined ? {} : { namespace }),
        labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: mirroredByUs },
        ...(copied.length === 0 ? {} : { annotations: Object.fromEntries(copied) }),
        ...(uid === undefined ? {} : { ownerReferences: [controlledBy(endpoints)] }),
      },
      addressType: family,
      endpoints: all,
      ports: (subset.ports ?? []).map(({ name = '', port, protocol = 'TCP' }) => ({ name, port, protocol })),
    },
  ];
}

function ofFamily(addresses: readonly EndpointAddress[] = [], family: Family): EndpointAddress[] {
  return addresses.filter(({ ip }) => parseAddress(ip)?.family === family);
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
}
