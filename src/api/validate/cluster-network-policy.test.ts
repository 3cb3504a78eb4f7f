import { testCases } from './test-cases.ts';

const everybody = { namespaces: {} };
const admin = { tier: 'Admin', priority: 5, subject: everybody };
const deny = { action: 'Deny', from: [everybody] };
const accept = { action: 'Accept', to: [everybody] };
const cluster = (name: string, spec: object, problems: string[]) => ({
  name,
  kind: 'ClusterNetworkPolicy',
  spec,
  problems,
});

testCases([
  cluster(
    'every kind of peer and of protocol is valid',
    {
      ...admin,
      ingress: [
        {
          name: 'no visitors',
          action: 'Pass',
          from: [
            everybody,
            { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } } },
          ],
          protocols: [
            { tcp: { destinationPort: { number: 80 } } },
            { udp: { destinationPort: { range: { start: 1, end: 65_535 } } } },
            { destinationNamedPort: 'web' },
          ],
        },
      ],
      egress: [
        { action: 'Accept', to: [{ domainNames: ['example.com', '*.a.example.com.'] }] },
        { action: 'Deny', to: [{ networks: ['0.0.0.0/0', '2001:db8::/32'] }, { nodes: {} }] },
      ],
    },
    [],
  ),
  cluster('priorities end at 1000', { ...admin, priority: 1001 }, [
    'spec.priority FieldValueInvalid: Invalid value: 1001: must be between 0 and 1000, inclusive',
  ]),
  cluster('priorities begin at 0', { ...admin, priority: -1 }, [
    'spec.priority FieldValueInvalid: Invalid value: -1: must be between 0 and 1000, inclusive',
  ]),
  cluster('there are two tiers for it', { ...admin, tier: 'NetworkPolicy' }, [
    'spec.tier FieldValueNotSupported: Unsupported value: "NetworkPolicy": supported values: "Admin", "Baseline"',
  ]),
  cluster('its actions are its own words', { ...admin, ingress: [{ ...deny, action: 'Allow' }] }, [
    'spec.ingress[0].action FieldValueNotSupported: Unsupported value: "Allow": supported values: "Accept", "Deny", "Pass"',
  ]),
  cluster('a subject is one thing', { ...admin, subject: { ...everybody, pods: { podSelector: {} } } }, [
    'spec.subject FieldValueForbidden: Forbidden: must have exactly one of the fields namespaces, pods',
  ]),
  cluster('a subject is something', { ...admin, subject: {} }, [
    'spec.subject FieldValueRequired: Required value: must have exactly one field',
  ]),
  cluster('a rule without peers says nothing', { ...admin, ingress: [{ ...deny, from: [] }] }, [
    'spec.ingress[0].from FieldValueRequired: Required value: must hold one entry at least, or be left out',
  ]),
  cluster('a list of protocols is not empty', { ...admin, ingress: [{ ...deny, protocols: [] }] }, [
    'spec.ingress[0].protocols FieldValueRequired: Required value: must hold one entry at least, or be left out',
  ]),
  cluster(
    'a range has a start below its end',
    {
      ...admin,
      ingress: [{ ...deny, protocols: [{ tcp: { destinationPort: { range: { start: 9, end: 9 } } } }] }],
    },
    [
      'spec.ingress[0].protocols[0].tcp.destinationPort.range.end FieldValueInvalid: Invalid value: 9: must be greater than `start`',
    ],
  ),
  cluster('25 rules are the most', { ...admin, ingress: Array.from({ length: 26 }, () => deny) }, [
    'spec.ingress FieldValueTooMany: Too many: 26: must have at most 25 items',
  ]),
  cluster(
    'a network has no host bits',
    { ...admin, egress: [{ ...accept, to: [{ networks: ['10.0.0.5/8'] }] }] },
    [
      'spec.egress[0].to[0].networks[0] FieldValueInvalid: Invalid value: "10.0.0.5/8": must not have bits set beyond the prefix length; write 10.0.0.0/8',
    ],
  ),
  cluster(
    'a wildcard stands at the front of a domain name',
    { ...admin, egress: [{ ...accept, to: [{ domainNames: ['a.*.com', 'com'] }] }] },
    [
      'spec.egress[0].to[0].domainNames[0] FieldValueInvalid: Invalid value: "a.*.com": must be a domain name of two labels or more (example.com), or one behind "*." for all names below it',
      'spec.egress[0].to[0].domainNames[1] FieldValueInvalid: Invalid value: "com": must be a domain name of two labels or more (example.com), or one behind "*." for all names below it',
    ],
  ),
  cluster(
    'domain names are accepted, not denied',
    { ...admin, egress: [{ action: 'Deny', to: [{ domainNames: ['example.com'] }] }] },
    [
      'spec.egress[0].action FieldValueForbidden: Forbidden: domain names can only be accepted: accept them above a rule that denies the rest',
    ],
  ),
  cluster(
    'networks give no names to ports',
    {
      ...admin,
      egress: [
        { ...accept, to: [{ networks: ['10.0.0.0/8'] }], protocols: [{ destinationNamedPort: 'web' }] },
      ],
    },
    [
      'spec.egress[0] FieldValueForbidden: Forbidden: networks, nodes and domain names have no names for ports: give the number',
    ],
  ),
  {
    ...cluster('a mode that nobody knows is refused', admin, [
      'metadata.annotations[policy.weft.dev/mode] FieldValueNotSupported: Unsupported value: "dry-run": supported values: "audit", "enforce"',
    ]),
    metadata: { annotations: { 'policy.weft.dev/mode': 'dry-run' } },
  },
  {
    name: 'the older kind is valid in its own words',
    kind: 'AdminNetworkPolicy',
    spec: {
      priority: 0,
      subject: everybody,
      ingress: [
        { action: 'Allow', from: [everybody], ports: [{ portNumber: { protocol: 'TCP', port: 80 } }] },
      ],
    },
    problems: [],
  },
  {
    name: 'a port of the older kind is one thing',
    kind: 'AdminNetworkPolicy',
    spec: {
      priority: 0,
      subject: everybody,
      ingress: [
        { action: 'Deny', from: [everybody], ports: [{ portNumber: { port: 0 }, namedPort: 'web' }] },
      ],
    },
    problems: [
      'spec.ingress[0].ports[0] FieldValueForbidden: Forbidden: must have exactly one of the fields portNumber, namedPort',
      'spec.ingress[0].ports[0].portNumber.port FieldValueInvalid: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
  },
  {
    name: 'there is one, named default',
    kind: 'BaselineAdminNetworkPolicy',
    metadata: { name: 'other' },
    spec: { subject: everybody },
    problems: [
      'metadata.name FieldValueNotSupported: Unsupported value: "other": supported values: "default"',
    ],
  },
]);
