import { arrayAt, numberAt, textAt, valueAt, type StoredObject } from '../json.ts';
import { pointsText } from './kept-columns.ts';
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
  { name: 'Cluster-IP', cell: firstAddress },
  { name: 'External-IP', cell: externalAddresses },
  { name: 'Port(s)', cell: servicePorts },
  ageColumn,
  wide({ name: 'Selector', cell: (service) => labelsText(valueAt(service, ['spec', 'selector'])) }),
];

/** One, as upstream has it, also where there are two. */
function firstAddress(service: StoredObject): string {
  const [address] = arrayAt(service, ['spec', 'clusterIPs']);
  return typeof address === 'string' ? address : '<none>';
}

function externalAddresses(service: StoredObject): string {
  const type = textAt(service, ['spec', 'type']);
  if (type === 'ExternalName') return textAt(service, ['spec', 'externalName']) || '<none>';
  const external = arrayAt(service, ['spec', 'externalIPs']).filter((ip) => typeof ip === 'string');
  const points = pointsText(service);
  const all = type === 'LoadBalancer' && points !== '' ? [points, ...external] : external;
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
  { name: 'Endpoints', cell: endpointsText },
  ageColumn,
];

function endpointsText(endpoints: StoredObject): string {
  const subsets = arrayAt(endpoints, ['subsets']);
  if (subsets.length === 0) return '<none>';
  const texts = subsets.flatMap((subset) => {
    const ports = arrayAt(subset, ['ports']).map((port) => numberAt(port, ['port']));
    const addresses = arrayAt(subset, ['addresses']).map((address) => textAt(address, ['ip']));
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((ip) => `${hostText(ip)}:${port}`));
  });
  return texts.length === 0 ? '' : shortList(texts);
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
    const number = valueAt(port, ['port']);
    return typeof number === 'number' ? String(number) : textAt(port, ['name']);
  });
  return ports.join('') === '' ? '<unset>' : shortList(ports);
}

function sliceAddresses(slice: StoredObject): string {
  const addresses = arrayAt(slice, ['endpoints']).flatMap((endpoint) =>
    arrayAt(endpoint, ['addresses']).map(String),
  );
  return addresses.length === 0 ? '<unset>' : shortList(addresses);
}

/** The columns of IPAddresses: who has them. */
export const ipAddressColumns: readonly Column[] = [nameColumn, { name: 'ParentRef', cell: parentText }];

function parentText(address: StoredObject): string {
  const parent = valueAt(address, ['spec', 'parentRef']);
  if (parent === undefined) return '<none>';
  const [group, resource, ...rest] = ['group', 'resource', 'namespace', 'name'].map((field) =>
    textAt(parent, [field]),
  );
  const kind = group === '' ? resource : `${resource}.${group}`;
  return [kind, ...rest].filter((part) => part !== '').join('/');
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
