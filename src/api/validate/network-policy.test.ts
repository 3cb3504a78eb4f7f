import { testCases } from './test-cases.ts';

testCases([
  { name: 'the empty one is valid', kind: 'NetworkPolicy', spec: { podSelector: {} }, problems: [] },
  {
    name: 'a rule that allows everything is valid',
    kind: 'NetworkPolicy',
    spec: { ingress: [{}] },
    problems: [],
  },
  {
    name: 'a CIDR is an address and a length',
    kind: 'NetworkPolicy',
    spec: { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/33' } }] }] },
    problems: [
      'spec.ingress[0].from[0].ipBlock.cidr FieldValueInvalid: Invalid value: "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
  },
  {
    name: 'a CIDR has no host bits',
    kind: 'NetworkPolicy',
    spec: { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.5/8' } }] }] },
    problems: [
      'spec.egress[0].to[0].ipBlock.cidr FieldValueInvalid: Invalid value: "10.0.0.5/8": must not have bits set beyond the prefix length; write 10.0.0.0/8',
    ],
  },
  {
    name: 'exceptions are inside their CIDR',
    kind: 'NetworkPolicy',
    spec: {
      egress: [
        { to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.0.0.0/8', '11.0.0.0/16'] } }] },
      ],
    },
    problems: [
      'spec.egress[0].to[0].ipBlock.except[1] FieldValueInvalid: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr` (10.0.0.0/8)',
      'spec.egress[0].to[0].ipBlock.except[2] FieldValueInvalid: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr` (10.0.0.0/8)',
    ],
  },
  {
    name: 'an ipBlock is alone in its peer',
    kind: 'NetworkPolicy',
    spec: { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] },
    problems: [
      'spec.ingress[0].from[0] FieldValueForbidden: Forbidden: may not specify both ipBlock and another peer',
    ],
  },
  {
    name: 'a peer says what it is, also where it is written as nothing',
    kind: 'NetworkPolicy',
    spec: { ingress: [{ from: [{}] }], egress: [{ to: [null] }] },
    problems: [
      'spec.ingress[0].from[0] FieldValueRequired: Required value: must specify a peer: `podSelector`, `namespaceSelector` or `ipBlock`',
      'spec.egress[0].to[0] FieldValueRequired: Required value: must specify a peer: `podSelector`, `namespaceSelector` or `ipBlock`',
    ],
  },
  {
    name: 'endPort is above a numeric port',
    kind: 'NetworkPolicy',
    spec: {
      ingress: [
        {
          ports: [
            { port: 80, endPort: 79 },
            { port: 'http', endPort: 90 },
            { endPort: 90 },
            { port: 80, endPort: 80 },
          ],
        },
      ],
    },
    problems: [
      'spec.ingress[0].ports[0].endPort FieldValueInvalid: Invalid value: 79: must be greater than or equal to `port`',
      'spec.ingress[0].ports[1].endPort FieldValueInvalid: Invalid value: 90: may not be specified when `port` is non-numeric',
      'spec.ingress[0].ports[2].endPort FieldValueInvalid: Invalid value: 90: may not be specified when `port` is not specified',
    ],
  },
  {
    name: 'policy types are two',
    kind: 'NetworkPolicy',
    spec: { policyTypes: ['ingress'] },
    problems: [
      'spec.policyTypes[0] FieldValueNotSupported: Unsupported value: "ingress": supported values: "Egress", "Ingress"',
    ],
  },
  {
    name: 'selectors have operators with the values they need',
    kind: 'NetworkPolicy',
    spec: {
      podSelector: {
        matchExpressions: [
          { key: 'a', operator: 'In' },
          { key: 'b', operator: 'Exists', values: ['x'] },
        ],
      },
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'a b': 'c' } } }] }],
    },
    problems: [
      "spec.podSelector.matchExpressions[0].values FieldValueRequired: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      "spec.podSelector.matchExpressions[1].values FieldValueForbidden: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      "spec.ingress[0].from[0].namespaceSelector.matchLabels FieldValueInvalid: Invalid value: \"a b\": name part must be letters, digits, '-', '_' and '.', and start and end with a letter or digit",
    ],
  },
]);
