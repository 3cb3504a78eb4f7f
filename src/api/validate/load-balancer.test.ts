import { testCases } from './test-cases.ts';

testCases([
  {
    name: 'a field that there is not is named, and the one that may be meant',
    kind: 'L2Advertisement',
    spec: {
      interfces: ['eth0'],
      preferredNodeSelectors: [{ weight: 5, preference: { matchLabels: { zone: 'a' } } }],
    },
    problems: ['spec.interfces UnknownField: unknown field "spec.interfces"'],
  },
  {
    name: 'everything that a peer may say',
    kind: 'BGPPeer',
    spec: {
      myASN: 64_501,
      peerASN: 4_200_000_000,
      dynamicASN: 'external',
      localASN: 64_502,
      peerAddress: '172.20.0.1',
      peerPort: 179,
      interface: 'eth0',
      sourceAddress: '172.20.0.2',
      routerID: '172.20.0.2',
      holdTime: '9s',
      keepaliveTime: '3s',
      connectTime: '5s',
      ebgpMultiHop: true,
      enableGracefulRestart: true,
      password: 'p',
      passwordSecret: { name: 's', namespace: 'metallb-system' },
      bfdProfile: 'fast',
      vrf: 'red',
      disableMP: false,
      dualStackAddressFamily: true,
      nodeSelectors: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
    },
    problems: [],
  },
  {
    name: 'a pool has addresses',
    kind: 'IPAddressPool',
    spec: { addresses: '192.0.2.0/24', autoAsign: true },
    problems: [
      'spec.addresses FieldValueTypeInvalid: Invalid value: "192.0.2.0/24": must be a list',
      'spec.autoAsign UnknownField: unknown field "spec.autoAsign"',
    ],
  },
]);
