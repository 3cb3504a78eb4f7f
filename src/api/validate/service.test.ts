import { testCases } from './test-cases.ts';

testCases([
  { name: 'a plain one is valid', kind: 'Service', spec: { ports: [{ port: 80 }] }, problems: [] },
  {
    name: 'needs ports',
    kind: 'Service',
    spec: {},
    problems: ['spec.ports FieldValueRequired: Required value'],
  },
  { name: 'headless needs no ports', kind: 'Service', spec: { clusterIP: 'None' }, problems: [] },
  {
    name: 'several ports need names',
    kind: 'Service',
    spec: { ports: [{ port: 80 }, { port: 81, name: 'b' }] },
    problems: [
      'spec.ports[0].name FieldValueRequired: Required value: a Service with several ports must name each',
    ],
  },
  {
    name: 'ports repeat neither name nor number',
    kind: 'Service',
    spec: {
      ports: [
        { port: 80, name: 'a' },
        { port: 80, name: 'a' },
        { port: 80, name: 'u', protocol: 'UDP' },
      ],
    },
    problems: [
      'spec.ports[1].name FieldValueDuplicate: Duplicate value: "a"',
      'spec.ports[1] FieldValueDuplicate: Duplicate value: {"port":80,"protocol":"TCP"}',
    ],
  },
  {
    name: 'a port is from 1 to 65535',
    kind: 'Service',
    spec: { ports: [{ port: 70000 }] },
    problems: [
      'spec.ports[0].port FieldValueInvalid: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.ports[0].targetPort FieldValueInvalid: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
  },
  {
    name: 'a target port is a number or a name with a letter',
    kind: 'Service',
    spec: { ports: [{ port: 80, targetPort: '8080' }] },
    problems: [
      'spec.ports[0].targetPort FieldValueInvalid: Invalid value: "8080": must contain at least one letter',
    ],
  },
  {
    name: 'a protocol is one of three',
    kind: 'Service',
    spec: { ports: [{ port: 80, protocol: 'tcp' }] },
    problems: [
      'spec.ports[0].protocol FieldValueNotSupported: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"',
    ],
  },
  {
    name: 'a node port needs a type that has them',
    kind: 'Service',
    spec: { ports: [{ port: 80, nodePort: 30080 }] },
    problems: [
      "spec.ports[0].nodePort FieldValueForbidden: Forbidden: may not be used when `type` is 'ClusterIP'",
    ],
  },
  {
    name: 'a node port is in its range',
    kind: 'Service',
    spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 8080 }] },
    problems: [
      'spec.ports[0].nodePort FieldValueInvalid: Invalid value: 8080: provided port is not in the valid range. The range of valid ports is 30000-32767',
    ],
  },
  {
    name: 'a cluster address is an address',
    kind: 'Service',
    spec: { clusterIP: '10.96.0', ports: [{ port: 80 }] },
    problems: [
      'spec.clusterIPs[0] FieldValueInvalid: Invalid value: "10.96.0": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  },
  {
    name: 'the first cluster address is the cluster address',
    kind: 'Service',
    spec: { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.6'], ports: [{ port: 80 }] },
    problems: [
      'spec.clusterIPs FieldValueInvalid: Invalid value: ["10.96.0.6"]: first value must match `clusterIP`',
    ],
  },
  {
    name: 'an external name is a DNS name',
    kind: 'Service',
    spec: { type: 'ExternalName', externalName: 'my_db.example.com' },
    problems: [
      "spec.externalName FieldValueInvalid: Invalid value: \"my_db.example.com\": must be lower-case letters, digits, '-' and '.', each part starting and ending with a letter or digit (a DNS subdomain, RFC 1123)",
    ],
  },
  {
    name: 'an external name has no cluster address',
    kind: 'Service',
    spec: { type: 'ExternalName', clusterIP: 'None' },
    problems: [
      'spec.clusterIPs FieldValueForbidden: Forbidden: may not be set for ExternalName services',
      'spec.externalName FieldValueRequired: Required value',
    ],
  },
  {
    name: 'an external traffic policy needs an external address',
    kind: 'Service',
    spec: { externalTrafficPolicy: 'Local', ports: [{ port: 80 }] },
    problems: [
      'spec.externalTrafficPolicy FieldValueInvalid: Invalid value: "Local": may only be set for externally-accessible services',
    ],
  },
  {
    name: 'external addresses are ordinary ones',
    kind: 'Service',
    spec: { externalIPs: ['127.0.0.1', '192.0.2.1'], ports: [{ port: 80 }] },
    problems: ['spec.externalIPs[0] FieldValueInvalid: Invalid value: "127.0.0.1": may not be loopback'],
  },
  {
    name: 'source ranges are CIDRs',
    kind: 'Service',
    spec: {
      type: 'LoadBalancer',
      loadBalancerSourceRanges: ['10.0.0.0/8', '300.1.1.1/8'],
      ports: [{ port: 80 }],
    },
    problems: [
      'spec.LoadBalancerSourceRanges[1] FieldValueInvalid: Invalid value: "300.1.1.1/8": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
  },
  {
    name: 'affinity lasts at most a day',
    kind: 'Service',
    spec: {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } },
      ports: [{ port: 80 }],
    },
    problems: [
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds FieldValueInvalid: Invalid value: 0: must be greater than 0 and less than or equal to 86400',
    ],
  },
  {
    name: 'its name is a DNS label, which may start with a digit',
    kind: 'Service',
    metadata: { name: '1a' },
    spec: { ports: [{ port: 80 }] },
    problems: [],
  },
]);
