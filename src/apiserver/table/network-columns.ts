import { arrayAt, numberAt, textAt, valueAt, type StoredObject } from '../json.ts';
import {
  ageColumn,
  labelsText,
  nameColumn,
  selectorText,
  shortList,
  textColumn,
  wide,
  type Column,
} from './column.ts';

export const serviceColumns: readonly Column[] = [
  nameColumn,
  textColumn('Type', ['spec', 'type']),
  { name: 'Cluster-IP', cell: (service) => arrayAt(service, ['spec', 'clusterIPs']).join(',') || '<none>' },
  { name: 'External-IP', cell: externalAddresses },
  { name: 'Port(s)', cell: servicePorts },
  ageColumn,
  wide({ name: 'Selector', cell: (service) => labelsText(valueAt(service, ['spec', 'selector'])) }),
];

function externalAddresses(service: StoredObject): string {
  const type = textAt(service, ['spec', 'type']);
  if (type === 'ExternalName') return textAt(service, ['spec', 'externalName']) || '<none>';
  const external = arrayAt(service, ['spec', 'externalIPs']).filter((ip) => typeof ip === 'string');
  const ingress = arrayAt(service, ['status', 'loadBalancer', 'ingress']).map(
    (one) => textAt(one, ['ip']) || textAt(one, ['hostname']),
  );
  const all = type === 'LoadBalancer' ? [...ingress, ...external] : external;
  if (all.length > 0) return all.join(',');
  return type === 'LoadBalancer' ? '<pending>' : '<none>';
}

function servicePorts(service: StoredObject): string {
  const ports = arrayAt(service, ['spec', 'ports']).map((port) => {
    const nodePort = numberAt(port, ['nodePort']);
    const number = `${numberAt(port, ['port'])}${nodePort === 0 ? '' : `:${nodePort}`}`;
    return `${number}/${textAt(port, ['protocol']) || 'TCP'}`;
  });
  return ports.join(',') || '<none>';
}

export const endpointsColumns: readonly Column[] = [
  nameColumn,
  { name: 'Endpoints', cell: (endpoints) => shortList(endpointTexts(endpoints)) },
  ageColumn,
];

function endpointTexts(endpoints: StoredObject): string[] {
  return arrayAt(endpoints, ['subsets']).flatMap((subset) => {
    const ports = arrayAt(subset, ['ports']).map((port) => numberAt(port, ['port']));
    const addresses = arrayAt(subset, ['addresses']).map((address) => hostText(textAt(address, ['ip'])));
    return addresses.flatMap((ip) => (ports.length === 0 ? [ip] : ports.map((port) => `${ip}:${port}`)));
  });
}

function hostText(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

export const endpointSliceColumns: readonly Column[] = [
  nameColumn,
  textColumn('AddressType', ['addressType']),
  { name: 'Ports', cell: slicePorts },
  { name: 'Endpoints', cell: sliceAddresses },
  ageColumn,
];

function slicePorts(slice: StoredObject): string {
  const ports = arrayAt(slice, ['ports']).map((port) => {
    const number = numberAt(port, ['port']);
    return number === 0 ? textAt(port, ['name']) || '*' : String(number);
  });
  return ports.length === 0 ? '<unset>' : shortList(ports);
}

function sliceAddresses(slice: StoredObject): string {
  const addresses = arrayAt(slice, ['endpoints']).flatMap((endpoint) =>
    arrayAt(endpoint, ['addresses']).map(String),
  );
  return addresses.length === 0 ? '<unset>' : shortList(addresses);
}

export const networkPolicyColumns: readonly Column[] = [
  nameColumn,
  { name: 'Pod-Selector', cell: (policy) => selectorText(valueAt(policy, ['spec', 'podSelector'])) },
  ageColumn,
];

export const clusterNetworkColumns: readonly Column[] = [
  nameColumn,
  textColumn('Model', ['spec', 'model']),
  textColumn('Dataplane', ['spec', 'dataplane']),
  textColumn('Pod CIDR', ['spec', 'podCIDR']),
  textColumn('Service CIDR', ['spec', 'serviceCIDR']),
  ageColumn,
];
