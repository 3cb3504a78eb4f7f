import type { Case } from '../ask.ts';
import { casesOf, withStatus } from './make.ts';

const policy = casesOf('networking.k8s.io/v1', 'NetworkPolicy', { plural: 'networkpolicies' });
const ingress = casesOf('networking.k8s.io/v1', 'Ingress', { plural: 'ingresses' });
const ingressClass = casesOf('networking.k8s.io/v1', 'IngressClass', {
  plural: 'ingressclasses',
  cluster: true,
});
const serviceCidr = casesOf('networking.k8s.io/v1', 'ServiceCIDR', { cluster: true });
const ipAddress = casesOf('networking.k8s.io/v1', 'IPAddress', { plural: 'ipaddresses', cluster: true });

const from = (name: string, peer: unknown, ...patches: unknown[]): Case =>
  policy(name, { spec: { podSelector: {}, ingress: [{ from: [peer] }] } }, ...patches);

const toPort = (name: string, port: unknown): Case =>
  policy(name, { spec: { podSelector: {}, egress: [{ ports: [port] }] } });

export const policyCases: readonly Case[] = [
  policy('a policy of all pods', { spec: { podSelector: {} } }),
  policy('a policy without selector', { spec: {} }),
  policy('a policy without spec', {}),
  policy('a policy with egress', { spec: { podSelector: {}, egress: [{}] } }),
  policy('a policy with no egress', { spec: { podSelector: {}, egress: [] } }),
  policy('a policy of egress only', { spec: { podSelector: {}, policyTypes: ['Egress'] } }),
  policy('a policy of three types', {
    spec: { podSelector: {}, policyTypes: ['Egress', 'Ingress', 'Egress'] },
  }),
  policy('a policy of an unknown type', { spec: { podSelector: {}, policyTypes: ['Both'] } }),
  policy('a policy of one type twice', { spec: { podSelector: {}, policyTypes: ['Egress', 'Egress'] } }),
  policy('a selector with labels', {
    spec: {
      podSelector: {
        matchLabels: { a: 'b' },
        matchExpressions: [
          { key: 'c', operator: 'In', values: ['d', 'e'] },
          { key: 'f', operator: 'Exists' },
          { key: 'g', operator: 'DoesNotExist' },
          { key: 'h', operator: 'NotIn', values: ['i'] },
        ],
      },
    },
  }),
  policy('a selector that is none', {
    spec: {
      podSelector: {
        matchLabels: { 'a b': 'c d' },
        matchExpressions: [
          { key: 'a b', operator: 'In', values: ['c d'] },
          { key: 'a', operator: 'In' },
          { key: 'a', operator: 'Exists', values: ['x'] },
          { key: 'a', operator: 'Near' },
        ],
      },
    },
  }),
  from('pods', { podSelector: { matchLabels: { a: 'b' } } }),
  from('namespaces', { namespaceSelector: {} }),
  from('pods of namespaces', { podSelector: {}, namespaceSelector: { matchLabels: { a: 'b' } } }),
  from('nobody', {}),
  from('pods whose selector is none', { podSelector: { matchLabels: { 'a b': 'c' } } }),
  from('namespaces whose selector is none', { namespaceSelector: { matchLabels: { 'a b': 'c' } } }),
  from('a range', { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }),
  from('a range of IPv6', { ipBlock: { cidr: '2001:db8::/32', except: ['2001:db8:1::/48'] } }),
  from('a range without any', { ipBlock: { cidr: '' } }),
  from('a range that is left out', { ipBlock: {} }),
  from('a range that is none', { ipBlock: { cidr: '10.0.0.0' } }),
  from('a range with host bits', { ipBlock: { cidr: '10.0.0.5/8' } }),
  from('a range with leading zeros', { ipBlock: { cidr: '010.0.0.0/8' } }),
  from('a range that is mapped', { ipBlock: { cidr: '::ffff:10.0.0.0/104' } }),
  from('a range and pods', { ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }),
  from('a range and pods, both wrong', {
    ipBlock: { cidr: 'x' },
    podSelector: { matchLabels: { 'a b': '' } },
  }),
  from('exceptions that are none', { ipBlock: { cidr: '10.0.0.0/8', except: ['x', '10.0.0.5/16'] } }),
  from('an exception that is all', { ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }),
  from('an exception elsewhere', { ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }),
  from('an exception of the other family', { ipBlock: { cidr: '10.0.0.0/8', except: ['2001:db8::/48'] } }),
  from(
    'a range that becomes another',
    { ipBlock: { cidr: '10.0.0.0/8' } },
    {
      spec: { ingress: [{ from: [{ ipBlock: { cidr: 'x' } }] }] },
    },
  ),
  toPort('a port', { port: 80 }),
  toPort('a port by name', { port: 'http', protocol: 'UDP' }),
  toPort('all ports of a protocol', { protocol: 'SCTP' }),
  toPort('no port at all', {}),
  toPort('a range of ports', { port: 80, endPort: 90 }),
  toPort('a range of one port', { port: 80, endPort: 80 }),
  toPort('a range that ends before', { port: 80, endPort: 70 }),
  toPort('a range that ends too high', { port: 80, endPort: 70000 }),
  toPort('a range of a name', { port: 'http', endPort: 90 }),
  toPort('a range from nowhere', { endPort: 90 }),
  toPort('port 0', { port: 0 }),
  toPort('port 70000', { port: 70000 }),
  toPort('a port name that is none', { port: 'a--b' }),
  toPort('a port name without letters', { port: '80' }),
  toPort('a port name of nothing', { port: '' }),
  toPort('a protocol that is none', { port: 80, protocol: 'ICMP' }),
];

const backend = { service: { name: 'web', port: { number: 80 } } };
const path = { path: '/', pathType: 'Prefix', backend };
const rule = (fields: object): Record<string, unknown> => ({ spec: { rules: [fields] } });
const withPath = (name: string, fields: object): Case =>
  ingress(name, rule({ http: { paths: [{ ...path, ...fields }] } }));
const toBackend = (name: string, fields: object): Case => ingress(name, { spec: { defaultBackend: fields } });

export const ingressCases: readonly Case[] = [
  ingress('an ingress', {
    spec: { ingressClassName: 'a', rules: [{ host: 'a.example', http: { paths: [path] } }] },
  }),
  ingress('an ingress of nothing', { spec: {} }),
  ingress('an ingress without spec', {}),
  ingress('an ingress of a default', { spec: { defaultBackend: backend } }),
  ingress('an ingress with TLS', {
    spec: { defaultBackend: backend, tls: [{ hosts: ['a.example', '*.b.example'], secretName: 'c' }] },
  }),
  ingress('TLS whose names are none', {
    spec: { defaultBackend: backend, tls: [{ hosts: ['A B', '*.*'], secretName: 'C D' }] },
  }),
  ingress('many hosts', { spec: { rules: ['a', 'b', 'c', 'd', 'e'].map((host) => ({ host })) } }),
  ingress('a rule without host', rule({})),
  ingress('a host with a star', rule({ host: '*.a.example' })),
  ingress('a host with a star inside', rule({ host: 'a.*.example' })),
  ingress('a host that is an address', rule({ host: '192.0.2.1' })),
  ingress('a host that is an IPv6 address', rule({ host: '2001:db8::1' })),
  ingress('a host that is a number', rule({ host: '1.2' })),
  ingress('a host with capitals', rule({ host: 'A.example' })),
  ingress('a host with a port', rule({ host: 'a.example:80' })),
  ingress('no paths', rule({ http: { paths: [] } })),
  ingress('a class that is none', { spec: { defaultBackend: backend, ingressClassName: 'A B' } }),
  ingress('a class twice', {
    metadata: { annotations: { 'kubernetes.io/ingress.class': 'b' } },
    spec: { defaultBackend: backend, ingressClassName: 'a' },
  }),
  withPath('an exact path', { pathType: 'Exact', path: '/a' }),
  withPath('an exact path of nothing', { pathType: 'Exact', path: '' }),
  withPath('a path of its own kind', { pathType: 'ImplementationSpecific', path: '/a//b' }),
  withPath('a path of its own kind that is relative', { pathType: 'ImplementationSpecific', path: 'a' }),
  withPath('a path of its own kind of nothing', { pathType: 'ImplementationSpecific', path: '' }),
  withPath('a path without type', { pathType: undefined }),
  withPath('a path of an unknown type', { pathType: 'Near' }),
  withPath('a path that is relative', { path: 'a' }),
  withPath('a path with two slashes', { path: '/a//b' }),
  withPath('a path with a slash in disguise', { path: '/a%2fb%2Fc' }),
  withPath('a path that goes up', { path: '/a/../b/..' }),
  withPath('a path that stays', { path: '/a/./b/.' }),
  withPath('a path to nowhere', { backend: {} }),
  toBackend('a backend of nothing', {}),
  toBackend('a backend by port name', { service: { name: 'a', port: { name: 'http' } } }),
  toBackend('a backend without port', { service: { name: 'a' } }),
  toBackend('a backend with two ports', { service: { name: 'a', port: { name: 'http', number: 80 } } }),
  toBackend('a backend with a port that is none', { service: { name: 'a', port: { number: 70000 } } }),
  toBackend('a backend with a port name that is none', { service: { name: 'a', port: { name: 'a--b' } } }),
  toBackend('a backend without name', { service: { name: '', port: { number: 80 } } }),
  toBackend('a backend whose name begins with a digit', { service: { name: '1a', port: { number: 80 } } }),
  toBackend('a backend whose name is none', { service: { name: 'A B', port: { number: 80 } } }),
  toBackend('a resource', { resource: { apiGroup: 'a.example', kind: 'Bucket', name: 'b' } }),
  toBackend('a resource without name', { resource: { kind: '', name: '' } }),
  toBackend('a resource that is none', { resource: { apiGroup: 'A B', kind: 'a/b', name: 'c/d' } }),
  toBackend('a resource and a service', { resource: { kind: 'A', name: 'b' }, ...backend }),
  withStatus(ingress('an address of an ingress', { spec: { defaultBackend: backend } }), {
    loadBalancer: { ingress: [{ ip: '192.0.2.2' }, { ip: '192.0.2.1' }, { hostname: 'a.example' }] },
  }),
  withStatus(
    ingress('addresses of an ingress that are none', { spec: { defaultBackend: backend } }),
    { loadBalancer: { ingress: [{ ip: 'x' }] } },
    { loadBalancer: { ingress: [{ hostname: '192.0.2.1' }] } },
    { loadBalancer: { ingress: [{ hostname: 'A B' }] } },
  ),
  ingressClass('a class of ingress', { spec: { controller: 'a.example/b' } }),
  ingressClass('the class of ingress', {
    metadata: { annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
    spec: { controller: 'a.example/b' },
  }),
  ingressClass('a class without controller', { spec: {} }),
  ingressClass('a class without spec', {}),
  ingressClass('a class whose controller is none', { spec: { controller: 'a b' } }),
  ingressClass('a class whose controller has no path', { spec: { controller: 'a.example' } }),
  ingressClass('a class whose controller is long', { spec: { controller: `a.example/${'b'.repeat(250)}` } }),
  ingressClass('a class with parameters', {
    spec: { controller: 'a.example/b', parameters: { apiGroup: 'c.example', kind: 'D', name: 'e' } },
  }),
  ingressClass('a class with parameters of a namespace', {
    spec: {
      controller: 'a.example/b',
      parameters: { kind: 'D', name: 'e', scope: 'Namespace', namespace: 'f' },
    },
  }),
  ingressClass('a class with parameters of no namespace', {
    spec: { controller: 'a.example/b', parameters: { kind: 'D', name: 'e', scope: 'Namespace' } },
  }),
  ingressClass('a class with parameters of the cluster in a namespace', {
    spec: {
      controller: 'a.example/b',
      parameters: { kind: 'D', name: 'e', scope: 'Cluster', namespace: 'f' },
    },
  }),
  ingressClass('a class with parameters that are none', {
    spec: {
      controller: 'a.example/b',
      parameters: { apiGroup: 'A B', kind: '', name: 'c/d', scope: 'Near' },
    },
  }),
  ingressClass(
    'a class with another controller',
    { spec: { controller: 'a.example/b' } },
    {
      spec: { controller: 'a.example/c' },
    },
  ),
];

const cidrs = (name: string, list: unknown, ...patches: unknown[]): Case =>
  serviceCidr(name, { spec: { cidrs: list } }, ...patches);
const parent = { resource: 'widgets', name: 'a' };
const address = (name: string, ip: string, parentRef: unknown, ...patches: unknown[]): Case =>
  ipAddress(name, { metadata: { name: ip }, spec: { parentRef } }, ...patches);

export const rangeCases: readonly Case[] = [
  cidrs('a range of addresses', ['10.200.0.0/24']),
  cidrs('a range of each family', ['10.200.0.0/24', 'fd00:200::/112']),
  cidrs('two ranges of a family', ['10.200.0.0/24', '10.201.0.0/24']),
  cidrs('three ranges', ['10.200.0.0/24', 'fd00:200::/112', '10.201.0.0/24']),
  cidrs('no range', []),
  cidrs('a range that is none', ['x']),
  cidrs('a range with host bits', ['10.200.0.5/24']),
  cidrs('a range not as it is written best', ['FD00:200::/112']),
  cidrs('a range that changes', ['10.200.0.0/24'], { spec: { cidrs: ['10.201.0.0/24'] } }),
  cidrs('a range that is joined', ['10.200.0.0/24'], {
    spec: { cidrs: ['10.200.0.0/24', 'fd00:200::/112'] },
  }),
  serviceCidr('a range without spec', {}),
  address('an address', '10.200.0.1', parent),
  address('an IPv6 address', 'fd00:200::1', { ...parent, namespace: 'b', group: 'c.example' }),
  address('an address not as it is written best', 'fd00:200:0::1', parent),
  address('a name that is no address', 'a', parent),
  address('an address of nobody', '10.200.0.2', undefined),
  address('an address of nothing', '10.200.0.3', {}),
  address('an address of what is none', '10.200.0.4', {
    group: 'A B',
    resource: 'c/d',
    name: 'e/f',
    namespace: 'g/h',
  }),
  address('an address that changes', '10.200.0.5', parent, { spec: { parentRef: { name: 'b' } } }),
];

const slice = casesOf('discovery.k8s.io/v1', 'EndpointSlice');
const endpoints = casesOf('v1', 'Endpoints', { plural: 'endpoints' });
const v4 = { addressType: 'IPv4' };
const one = { addresses: ['10.0.0.1'] };
const withEndpoint = (name: string, fields: object, type = 'IPv4'): Case =>
  slice(name, { addressType: type, endpoints: [{ ...one, ...fields }] });
const withPort = (name: string, ...ports: object[]): Case => slice(name, { ...v4, endpoints: [], ports });
const subset = (name: string, fields: object, ...patches: unknown[]): Case =>
  endpoints(name, { subsets: [fields] }, ...patches);
const at = { addresses: [{ ip: '10.0.0.1' }] };

export const endpointCases: readonly Case[] = [
  slice('a slice of nothing', { ...v4, endpoints: [] }),
  slice('a slice without endpoints', v4),
  slice('a slice without type', { endpoints: [one] }),
  slice('a slice of an unknown type', { addressType: 'IPv5', endpoints: [one] }),
  slice('a slice of many', {
    ...v4,
    endpoints: ['1', '2', '3', '4', '5'].map((it) => ({ addresses: [`10.0.0.${it}`] })),
    ports: [1, 2, 3, 4, 5].map((port) => ({ name: `p${port}`, port })),
  }),
  slice('a slice of another type', { ...v4, endpoints: [] }, { addressType: 'IPv6' }),
  slice('a slice that grows', { ...v4, endpoints: [] }, { endpoints: [one] }),
  slice('a slice with too many endpoints', {
    ...v4,
    endpoints: Array.from({ length: 1001 }, () => one),
  }),
  withEndpoint('an endpoint', {}),
  withEndpoint('an endpoint without addresses', { addresses: [] }),
  withEndpoint('an endpoint whose addresses are left out', { addresses: undefined }),
  withEndpoint('an endpoint with many addresses', {
    addresses: Array.from({ length: 101 }, (_, i) => `10.0.1.${i}`),
  }),
  withEndpoint('an endpoint with conditions', {
    conditions: { ready: true, serving: true, terminating: false },
    zone: 'a',
    hostname: 'b',
    nodeName: 'c',
    hints: { forZones: [{ name: 'a' }] },
    targetRef: { kind: 'Pod', name: 'd', namespace: 'e' },
  }),
  withEndpoint('an endpoint of the other family', { addresses: ['2001:db8::1'] }),
  withEndpoint('an endpoint of the other family in IPv6', {}, 'IPv6'),
  withEndpoint('an endpoint with an address that is none', { addresses: ['x', '10.0.0.01'] }),
  withEndpoint('an endpoint of IPv6', { addresses: ['2001:db8::1'] }, 'IPv6'),
  withEndpoint('an endpoint of IPv6 not as it is written best', { addresses: ['2001:DB8::1'] }, 'IPv6'),
  withEndpoint('an endpoint of IPv6 that is none', { addresses: ['x'] }, 'IPv6'),
  withEndpoint('an endpoint at home', { addresses: ['127.0.0.1', '169.254.0.1', '0.0.0.0', '224.0.0.1'] }),
  withEndpoint('an endpoint at home in IPv6', { addresses: ['::1', 'fe80::1', '::', 'ff02::1'] }, 'IPv6'),
  withEndpoint('a name', { addresses: ['a.example'] }, 'FQDN'),
  withEndpoint('a name without dot', { addresses: ['a'] }, 'FQDN'),
  withEndpoint('a name that is complete', { addresses: ['a.example.'] }, 'FQDN'),
  withEndpoint('a name that is none', { addresses: ['A B', ''] }, 'FQDN'),
  withEndpoint('a hostname that is none', { hostname: 'A.b' }),
  withEndpoint('a node that is none', { nodeName: 'A B' }),
  withEndpoint('topology that is deprecated', { deprecatedTopology: { a: 'b' } }),
  withEndpoint('topology that is none', { deprecatedTopology: { 'a b': 'c d' } }),
  withEndpoint('a zone twice', { hints: { forZones: [{ name: 'a' }, { name: 'a' }] } }),
  withEndpoint('a zone that is none', { hints: { forZones: [{ name: 'a b' }] } }),
  withEndpoint('many zones', {
    hints: { forZones: Array.from({ length: 9 }, (_, i) => ({ name: `z${i}` })) },
  }),
  withEndpoint('a node as a hint', { hints: { forNodes: [{ name: 'a' }] } }),
  withEndpoint('nodes as hints that are none', { hints: { forNodes: [{ name: 'A B' }, { name: 'A B' }] } }),
  withPort('a port', { name: 'http', port: 80 }),
  withPort('a port without name', { port: 80 }),
  withPort('a port without number', { name: 'http' }),
  withPort('a port of nothing', {}),
  withPort('a port twice', { port: 80 }, { port: 81 }),
  withPort('a port name twice', { name: 'a', port: 80 }, { name: 'a', port: 81 }),
  withPort('a port name that is none', { name: 'A_b', port: 80 }),
  withPort('a port that is none', { name: 'a', port: 70000 }),
  withPort('port 0', { name: 'a', port: 0 }),
  withPort('a port of an unknown protocol', { name: 'a', port: 80, protocol: 'ICMP' }),
  withPort('a port with a protocol of applications', {
    name: 'a',
    port: 80,
    appProtocol: 'kubernetes.io/ws',
  }),
  withPort('a port with a protocol of applications that is none', {
    name: 'a',
    port: 80,
    appProtocol: 'a b',
  }),
  withPort('too many ports', ...Array.from({ length: 101 }, (_, i) => ({ name: `p${i}`, port: 80 }))),
  endpoints('endpoints of nothing', {}),
  subset('endpoints', { ...at, ports: [{ port: 80 }] }),
  subset('endpoints that are many', {
    addresses: ['1', '2', '3', '4'].map((it) => ({ ip: `10.0.0.${it}` })),
    ports: [
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ],
  }),
  subset('endpoints without ports', at),
  subset('endpoints of IPv6', { addresses: [{ ip: '2001:db8::1' }], ports: [{ port: 80 }] }),
  subset('endpoints that are not ready', { notReadyAddresses: [{ ip: '10.0.0.1' }] }),
  subset('endpoints without addresses', { ports: [{ port: 80 }] }),
  subset('endpoints at home', { addresses: [{ ip: '127.0.0.1' }] }),
  subset('endpoints that are none', {
    addresses: [{ ip: 'x', hostname: 'A B', nodeName: 'C D' }],
    notReadyAddresses: [{ ip: '10.0.0.01' }],
  }),
  subset('endpoints with two ports without names', { ...at, ports: [{ port: 80 }, { port: 81 }] }),
  subset('endpoints with a port that is none', {
    ...at,
    ports: [{ name: 'A B', port: 0, protocol: 'ICMP' }],
  }),
  subset('endpoints with a protocol of applications that is none', {
    ...at,
    ports: [{ port: 80, appProtocol: 'a b' }],
  }),
  subset('endpoints that move', at, { subsets: [{ addresses: [{ ip: 'x' }] }] }),
];
