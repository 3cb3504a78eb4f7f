import type { Service } from '../../api/types/core.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/network.ts';
import { formatAddress, type Address } from '../../lib/address.ts';
import { addressType, dashedAddress, isLabel, isName, parsedAddresses, reverseName } from './names.ts';
import { createZoneNamesBuilder, type ZoneNames, type ZoneNamesBuilder } from './records.ts';

/**
 * The names that a Service gives the zone (DNS-Based Service Discovery, schema 1.1.0):
 *
 *     ClusterIP      SVC.NS.svc.ZONE                A, AAAA of the cluster addresses
 *                    _PORT._PROTO.SVC.NS.svc.ZONE   SRV to it, for named ports
 *                    reverse names of the addresses PTR to it
 *     headless       SVC.NS.svc.ZONE                A, AAAA of the ready endpoints
 *                    HOST.SVC.NS.svc.ZONE           A, AAAA of the endpoint with this hostname, or dashed address
 *                    _PORT._PROTO.SVC.NS.svc.ZONE   SRV to each of them
 *                    reverse names of the addresses PTR to each of them
 *     ExternalName   SVC.NS.svc.ZONE                CNAME
 *
 * A Service without an address yet, or whose names DNS cannot hold, gives none; so does a headless one without
 * ready endpoints, whose answer is NXDOMAIN by the specification.
 */
export function serviceNames(service: Service, slices: readonly EndpointSlice[], zone: string): ZoneNames {
  const builder = createZoneNamesBuilder();
  const { name, namespace = 'default' } = service.metadata;
  const base = `${name}.${namespace}.svc.${zone}`.toLowerCase();
  if (!isLabel(name) || !isLabel(namespace) || !isName(base)) return builder.names;
  if (service.spec.type === 'ExternalName') addExternalName(builder, base, service.spec.externalName);
  else if (service.spec.clusterIP === 'None') addEndpoints(builder, base, { service, slices });
  else addClusterIPs(builder, base, service);
  return builder.names;
}

function addExternalName(builder: ZoneNamesBuilder, base: string, externalName = ''): void {
  const target = externalName.replace(/\.$/, '');
  if (isName(target)) builder.add(base, { type: 'CNAME', target });
}

function addClusterIPs(builder: ZoneNamesBuilder, base: string, { spec }: Service): void {
  const addresses = parsedAddresses([spec.clusterIP, ...(spec.clusterIPs ?? [])]);
  for (const address of addresses) {
    builder.add(base, { type: addressType(address), address: formatAddress(address) });
    builder.add(reverseName(address), { type: 'PTR', target: base });
  }
  if (addresses.length === 0) return;
  for (const port of spec.ports ?? []) addServiceRecord(builder, base, { port, target: base });
}

function addEndpoints(
  builder: ZoneNamesBuilder,
  base: string,
  { service, slices }: { service: Service; slices: readonly EndpointSlice[] },
): void {
  for (const slice of slices) {
    if (slice.addressType === 'FQDN') continue;
    for (const endpoint of slice.endpoints) {
      if (!isPublished(endpoint, service)) continue;
      for (const address of parsedAddresses(endpoint.addresses)) {
        const target = `${endpointLabel(endpoint, address)}.${base}`;
        addEndpoint(builder, { base, target, address });
        for (const port of slice.ports ?? []) addServiceRecord(builder, base, { port, target });
      }
    }
  }
}

/** An absent `ready` means ready (discovery/v1); the EndpointSlice of a Service that publishes all says so itself. */
function isPublished(endpoint: Endpoint, service: Service): boolean {
  return service.spec.publishNotReadyAddresses === true || endpoint.conditions?.ready !== false;
}

function endpointLabel({ hostname }: Endpoint, address: Address): string {
  return hostname !== undefined && isLabel(hostname) ? hostname.toLowerCase() : dashedAddress(address);
}

function addEndpoint(
  builder: ZoneNamesBuilder,
  { base, target, address }: { base: string; target: string; address: Address },
): void {
  const record = { type: addressType(address), address: formatAddress(address) };
  builder.add(base, record);
  builder.add(target, record);
  builder.add(reverseName(address), { type: 'PTR', target });
}

/** SRV for a named port; a port name of 63 letters has no room for the underscore, so it gets none. */
function addServiceRecord(
  builder: ZoneNamesBuilder,
  base: string,
  { port: { name = '', port, protocol = 'TCP' }, target }: { port: EndpointPort; target: string },
): void {
  const owner = `_${name}._${protocol}.${base}`.toLowerCase();
  if (name === '' || port === undefined || !isName(owner)) return;
  // Nothing prescribes priority and weight; equal weights share the load (RFC 2782).
  builder.add(owner, { type: 'SRV', priority: 0, weight: 100, port, target });
}
