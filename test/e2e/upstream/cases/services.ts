import type { Case, Step } from '../ask.ts';

const resource = 'v1 services';

function service(
  name: string,
  spec: object,
  { changes = [], metadata }: { changes?: readonly Step[]; metadata?: object } = {},
): Case {
  const object = {
    apiVersion: 'v1',
    kind: 'Service',
    ...(metadata && { metadata }),
    spec: { selector: { app: 'x' }, ports: [{ port: 80 }], ...spec },
  };
  return { name, resource, object, changes };
}

/** A Service that is changed to other specs, one after the other. */
const changing = (name: string, spec: object, ...specs: object[]): Case =>
  service(name, spec, { changes: specs.map((one) => ({ patch: { spec: one } })) });

const ingress = (name: string, spec: object, ...ingresses: object[]): Case =>
  service(name, spec, {
    changes: [{ subresource: 'status', patch: { status: { loadBalancer: { ingress: ingresses } } } }],
  });

const loadBalancer = { type: 'LoadBalancer' };
const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };

/** Defaults, and rules for what a Service says by itself. */
export const serviceCases: readonly Case[] = [
  service('a minimal Service', {}),
  service('a NodePort', { type: 'NodePort' }),
  service('a load balancer', loadBalancer),
  service('a local load balancer', local),
  service('an ExternalName', { type: 'ExternalName', externalName: 'example.com', ports: undefined }),
  service('an ExternalName with ports', { type: 'ExternalName', externalName: 'example.com' }),
  service('an ExternalName that is complete', { type: 'ExternalName', externalName: 'example.com.' }),
  service('an ExternalName without name', { type: 'ExternalName' }),
  service('an ExternalName that is none', { type: 'ExternalName', externalName: 'Not A Name' }),
  service('an ExternalName with families', {
    type: 'ExternalName',
    externalName: 'example.com',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
  }),
  service('an ExternalName with an address', {
    type: 'ExternalName',
    externalName: 'example.com',
    clusterIP: '10.96.7.1',
  }),
  service('an ExternalName with an internal policy', {
    type: 'ExternalName',
    externalName: 'example.com',
    internalTrafficPolicy: 'Local',
  }),
  service('headless', { clusterIP: 'None' }),
  service('headless without selector', { clusterIP: 'None', selector: undefined }),
  service('headless without ports', { clusterIP: 'None', ports: [] }),
  service('headless NodePort', { clusterIP: 'None', type: 'NodePort' }),
  service('headless load balancer', { clusterIP: 'None', type: 'LoadBalancer' }),
  service('headless by clusterIPs only', { clusterIPs: ['None'] }),
  service('None and an address', { clusterIP: 'None', clusterIPs: ['None', '10.96.7.2'] }),
  service('dual-stack', { ipFamilyPolicy: 'RequireDualStack' }),
  service('dual-stack preferred', { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] }),
  service('IPv6', { ipFamilies: ['IPv6'] }),
  service('two families of one kind', { ipFamilies: ['IPv4', 'IPv4'], ipFamilyPolicy: 'RequireDualStack' }),
  service('two families and one policy', { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'SingleStack' }),
  service('an unknown family', { ipFamilies: ['IPv5'] }),
  service('an unknown family policy', { ipFamilyPolicy: 'Both' }),
  service('an address of its own', { clusterIP: '10.96.7.3' }),
  service('an address out of range', { clusterIP: '192.0.2.1' }),
  service('no address', { clusterIP: 'nonsense' }),
  service('an address with leading zeros', { clusterIP: '10.96.07.3' }),
  service('addresses that differ', { clusterIP: '10.96.7.4', clusterIPs: ['10.96.7.5'] }),
  service('clusterIPs only', { clusterIPs: ['10.96.7.6'] }),
  service('two addresses of one family', {
    clusterIP: '10.96.7.7',
    clusterIPs: ['10.96.7.7', '10.96.7.8'],
    ipFamilyPolicy: 'RequireDualStack',
  }),
  service('three addresses', {
    clusterIP: '10.96.7.7',
    clusterIPs: ['10.96.7.7', 'fd00:10:96::77', '10.96.7.8'],
    ipFamilyPolicy: 'RequireDualStack',
  }),
  service('an address of the other family', { clusterIP: '10.96.7.9', ipFamilies: ['IPv6'] }),
  service('two addresses', {
    clusterIP: '10.96.7.10',
    clusterIPs: ['10.96.7.10', 'fd00:10:96::7a'],
    ipFamilyPolicy: 'PreferDualStack',
  }),
  service('no ports', { ports: [] }),
  service('port 0', { ports: [{ port: 0 }] }),
  service('port 65536', { ports: [{ port: 65536 }] }),
  service('two ports without names', { ports: [{ port: 80 }, { port: 81 }] }),
  service('two ports of one name', {
    ports: [
      { port: 80, name: 'a' },
      { port: 81, name: 'a' },
    ],
  }),
  service('two ports that are the same', {
    ports: [
      { port: 80, name: 'a' },
      { port: 80, name: 'b' },
    ],
  }),
  service('one port over two protocols', {
    ports: [
      { port: 53, name: 'tcp' },
      { port: 53, name: 'udp', protocol: 'UDP' },
    ],
  }),
  service('a port name that is none', { ports: [{ port: 80, name: 'A_B' }] }),
  service('a protocol that is none', { ports: [{ port: 80, protocol: 'ICMP' }] }),
  service('a target port of 0', { ports: [{ port: 80, targetPort: 0 }] }),
  service('a target port that is no name', { ports: [{ port: 80, targetPort: 'a--b' }] }),
  service('a target port without letters', { ports: [{ port: 80, targetPort: '80' }] }),
  service('a target port that is too high', { ports: [{ port: 80, targetPort: 70000 }] }),
  service('an application protocol', { ports: [{ port: 80, appProtocol: 'kubernetes.io/h2c' }] }),
  service('an application protocol that is none', { ports: [{ port: 80, appProtocol: 'a b' }] }),
  service('a node port of a ClusterIP', { ports: [{ port: 80, nodePort: 30100 }] }),
  service('a node port', { type: 'NodePort', ports: [{ port: 80, nodePort: 30100 }] }),
  service('a node port out of range', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }),
  service('a node port twice', {
    type: 'NodePort',
    ports: [
      { name: 'a', port: 80, nodePort: 30101 },
      { name: 'b', port: 81, nodePort: 30101 },
    ],
  }),
  service('a node port over two protocols', {
    type: 'NodePort',
    ports: [
      { name: 'a', port: 53, nodePort: 30102 },
      { name: 'b', port: 53, protocol: 'UDP', nodePort: 30102 },
    ],
  }),
  service('a node port of an ExternalName', {
    type: 'ExternalName',
    externalName: 'example.com',
    ports: [{ port: 80, nodePort: 30103 }],
  }),
  service('a selector that is none', { selector: { 'a b': 'c d' } }),
  service('affinity', { sessionAffinity: 'ClientIP' }),
  service('affinity for a minute', {
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
  }),
  service('affinity for no time', {
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } },
  }),
  service('affinity for two days', {
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 172800 } },
  }),
  service('affinity without time', { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: {} } }),
  service('no affinity with a time', { sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }),
  service('an affinity that is none', { sessionAffinity: 'Sometimes' }),
  service('a type that is none', { type: 'Magic' }),
  service('external addresses', { externalIPs: ['192.0.2.1', '2001:db8::1'] }),
  service('external addresses of special ranges', {
    externalIPs: ['127.0.0.1', '169.254.1.1', '0.0.0.0', '224.0.0.1', '::1', 'x'],
  }),
  service('external addresses and a local policy', {
    externalIPs: ['192.0.2.1'],
    externalTrafficPolicy: 'Local',
  }),
  service('an external policy of a ClusterIP', { externalTrafficPolicy: 'Local' }),
  service('an external policy that is none', { type: 'NodePort', externalTrafficPolicy: 'Near' }),
  service('a local NodePort', { type: 'NodePort', externalTrafficPolicy: 'Local' }),
  service('an internal policy', { internalTrafficPolicy: 'Local' }),
  service('an internal policy that is none', { internalTrafficPolicy: 'Near' }),
  service('a distribution by zone', { trafficDistribution: 'PreferClose' }),
  service('a distribution to the same zone', { trafficDistribution: 'PreferSameZone' }),
  service('a distribution to the same node', { trafficDistribution: 'PreferSameNode' }),
  service('a distribution that is none', { trafficDistribution: 'Near' }),
  service('a class', { ...loadBalancer, loadBalancerClass: 'example.com/lb' }),
  service('a class that is none', { ...loadBalancer, loadBalancerClass: 'a b' }),
  service('a class without load balancer', { loadBalancerClass: 'example.com/lb' }),
  service('a load balancer without node ports', { ...loadBalancer, allocateLoadBalancerNodePorts: false }),
  service('a load balancer with one node port of its own', {
    ...loadBalancer,
    allocateLoadBalancerNodePorts: false,
    ports: [
      { name: 'a', port: 80, nodePort: 30104 },
      { name: 'b', port: 81 },
    ],
  }),
  service('node ports of no load balancer', { allocateLoadBalancerNodePorts: false }),
  service('source ranges', { ...loadBalancer, loadBalancerSourceRanges: ['10.0.0.0/8', ' 192.0.2.0/24 '] }),
  service('source ranges that are none', { ...loadBalancer, loadBalancerSourceRanges: ['10.0.0.0/40', 'x'] }),
  service('source ranges with host bits', { ...loadBalancer, loadBalancerSourceRanges: ['10.0.0.5/8'] }),
  service('source ranges without load balancer', { loadBalancerSourceRanges: ['10.0.0.0/8'] }),
  service('source ranges in an annotation', loadBalancer, {
    metadata: { annotations: { 'service.beta.kubernetes.io/load-balancer-source-ranges': '10.0.0.0/40' } },
  }),
  service(
    'source ranges in an annotation without load balancer',
    {},
    {
      metadata: { annotations: { 'service.beta.kubernetes.io/load-balancer-source-ranges': '10.0.0.0/8' } },
    },
  ),
  service(
    'two annotations for topology',
    {},
    {
      metadata: {
        annotations: {
          'service.kubernetes.io/topology-aware-hints': 'auto',
          'service.kubernetes.io/topology-mode': 'none',
        },
      },
    },
  ),
  service('a load balancer address that is asked for', { ...loadBalancer, loadBalancerIP: '192.0.2.5' }),
  service('a health check port', { ...local, healthCheckNodePort: 30105 }),
  service('a health check port out of range', { ...local, healthCheckNodePort: 80 }),
  service('a health check port that nobody needs', { ...loadBalancer, healthCheckNodePort: 30106 }),
  service('a health check port of a ClusterIP', { healthCheckNodePort: 30106 }),
  service('not ready addresses', { publishNotReadyAddresses: true }),
  service('a name that begins with a digit', {}, { metadata: { name: '1abc' } }),
  service('a name with dots', {}, { metadata: { name: 'a.b' } }),
  service('a name that is too long', {}, { metadata: { name: 'a'.repeat(64) } }),
];

/** What becomes of a Service that changes. */
export const serviceChanges: readonly Case[] = [
  changing('ClusterIP to NodePort and back', {}, { type: 'NodePort' }, { type: 'ClusterIP' }),
  changing(
    'NodePort to ClusterIP keeping its port',
    { type: 'NodePort' },
    {
      type: 'ClusterIP',
      ports: [{ port: 80, nodePort: 30200 }],
    },
  ),
  changing(
    'ClusterIP to ExternalName and back',
    {},
    { type: 'ExternalName', externalName: 'example.com' },
    { type: 'ClusterIP' },
  ),
  changing(
    'ClusterIP to ExternalName with its address',
    { clusterIP: '10.96.8.1' },
    {
      type: 'ExternalName',
      externalName: 'example.com',
      clusterIP: '10.96.8.2',
    },
  ),
  changing('NodePort to ExternalName', { type: 'NodePort' }, { type: 'ExternalName', externalName: 'a.b' }),
  changing('load balancer to ExternalName', local, { type: 'ExternalName', externalName: 'a.b' }),
  changing('load balancer to NodePort', local, { type: 'NodePort' }),
  changing('load balancer to ClusterIP', local, { type: 'ClusterIP' }),
  changing(
    'load balancer with a class to ClusterIP',
    { ...loadBalancer, loadBalancerClass: 'a/b' },
    {
      type: 'ClusterIP',
    },
  ),
  changing(
    'local to cluster and back',
    local,
    { externalTrafficPolicy: 'Cluster' },
    {
      externalTrafficPolicy: 'Local',
    },
  ),
  changing('headless to ClusterIP', { clusterIP: 'None' }, { clusterIP: null, clusterIPs: null }),
  changing('ClusterIP to headless', { clusterIP: '10.96.8.3' }, { clusterIP: 'None', clusterIPs: ['None'] }),
  changing('another address', { clusterIP: '10.96.8.4' }, { clusterIP: '10.96.8.5' }),
  changing('no address any more', { clusterIP: '10.96.8.6' }, { clusterIP: null }),
  changing(
    'another address in both fields',
    { clusterIP: '10.96.8.7' },
    {
      clusterIP: '10.96.8.8',
      clusterIPs: ['10.96.8.8'],
    },
  ),
  changing(
    'one family to two and back',
    {},
    { ipFamilyPolicy: 'PreferDualStack' },
    {
      ipFamilyPolicy: 'SingleStack',
    },
  ),
  changing('the other family', {}, { ipFamilies: ['IPv6'] }),
  changing(
    'the families turned around',
    { ipFamilyPolicy: 'RequireDualStack' },
    {
      ipFamilies: ['IPv6', 'IPv4'],
    },
  ),
  changing(
    'a second family goes without leave',
    { ipFamilyPolicy: 'RequireDualStack' },
    {
      ipFamilies: ['IPv4'],
    },
  ),
  changing('a class is given later', loadBalancer, { loadBalancerClass: 'a/b' }),
  changing('a class is changed', { ...loadBalancer, loadBalancerClass: 'a/b' }, { loadBalancerClass: 'a/c' }),
  changing(
    'a class is taken away',
    { ...loadBalancer, loadBalancerClass: 'a/b' },
    { loadBalancerClass: null },
  ),
  changing('a class comes with the type', {}, { ...loadBalancer, loadBalancerClass: 'a/b' }),
  changing(
    'a health check port is changed',
    { ...local, healthCheckNodePort: 30201 },
    {
      healthCheckNodePort: 30202,
    },
  ),
  changing(
    'a health check port is kept',
    { ...local, healthCheckNodePort: 30203 },
    {
      healthCheckNodePort: null,
    },
  ),
  changing('node ports are no longer wanted', loadBalancer, { allocateLoadBalancerNodePorts: false }),
  changing('a node port is changed', { type: 'NodePort' }, { ports: [{ port: 80, nodePort: 30204 }] }),
  changing(
    'a port joins',
    { type: 'NodePort', ports: [{ name: 'a', port: 80, nodePort: 30205 }] },
    {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 81 },
      ],
    },
  ),
  changing('affinity goes', { sessionAffinity: 'ClientIP' }, { sessionAffinity: 'None' }),
  changing(
    'an external policy goes with the addresses',
    {
      externalIPs: ['192.0.2.1'],
      externalTrafficPolicy: 'Local',
    },
    { externalIPs: [] },
  ),
  service('a name that is changed', {}, { changes: [{ patch: { metadata: { name: 'other' } } }] }),
  ingress('an address of a load balancer', loadBalancer, { ip: '192.0.2.9' }),
  ingress('an address with its mode', loadBalancer, { ip: '192.0.2.9', ipMode: 'Proxy' }),
  ingress('a mode that is none', loadBalancer, { ip: '192.0.2.9', ipMode: 'Magic' }),
  ingress('a mode without address', loadBalancer, { hostname: 'example.com', ipMode: 'VIP' }),
  ingress('a hostname of a load balancer', loadBalancer, { hostname: 'example.com' }),
  ingress('a hostname that is an address', loadBalancer, { hostname: '192.0.2.9' }),
  ingress('an address that is none', loadBalancer, { ip: 'x' }),
  ingress('an address of no load balancer', {}, { ip: '192.0.2.9' }),
  service(
    'several addresses and external ones',
    { ...loadBalancer, externalIPs: ['192.0.2.77'] },
    {
      changes: [
        {
          subresource: 'status',
          patch: {
            status: {
              loadBalancer: { ingress: [{ ip: '192.0.2.9' }, { ip: '192.0.2.10' }, { ip: '192.0.2.8' }] },
            },
          },
        },
      ],
    },
  ),
  service('a status of a Service that stops being a load balancer', loadBalancer, {
    changes: [
      { subresource: 'status', patch: { status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } } } },
      { patch: { spec: { type: 'ClusterIP' } } },
    ],
  }),
  service(
    'conditions',
    {},
    {
      changes: [
        {
          subresource: 'status',
          patch: { status: { conditions: [{ type: 'A B', status: 'Perhaps', reason: '', message: '' }] } },
        },
      ],
    },
  ),
];
