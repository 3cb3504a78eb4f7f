import { testCases } from './test-cases.ts';

const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c' }] } };
const selector = { matchLabels: { app: 'a' } };

testCases([
  {
    name: 'needs containers with names of their own',
    kind: 'Pod',
    spec: { containers: [{ name: 'c' }, { name: 'c' }], initContainers: [{ name: 'C' }] },
    problems: [
      'spec.containers[1].name FieldValueDuplicate: Duplicate value: "c"',
      'spec.initContainers[0].name FieldValueInvalid: Invalid value: "C": must be lower-case letters, digits and inner \'-\' (a DNS label, RFC 1123)',
    ],
  },
  {
    name: 'needs containers',
    kind: 'Pod',
    spec: { containers: [] },
    problems: ['spec.containers FieldValueRequired: Required value'],
  },
  {
    name: 'ports are numbers from 1 to 65535 with names of their own',
    kind: 'Pod',
    spec: {
      containers: [
        {
          name: 'c',
          ports: [
            { containerPort: 0 },
            { containerPort: 80, name: 'http' },
            { containerPort: 65536, name: 'http' },
            { containerPort: 81, name: 'a-name-that-is-long' },
          ],
        },
      ],
    },
    problems: [
      'spec.containers[0].ports[0].containerPort FieldValueRequired: Required value',
      'spec.containers[0].ports[2].containerPort FieldValueInvalid: Invalid value: 65536: must be between 1 and 65535, inclusive',
      'spec.containers[0].ports[2].name FieldValueDuplicate: Duplicate value: "http"',
      'spec.containers[0].ports[3].name FieldValueInvalid: Invalid value: "a-name-that-is-long": must be no more than 15 characters',
    ],
  },
  {
    name: 'a host port is taken once and, in the host network, is the container port',
    kind: 'Pod',
    spec: {
      hostNetwork: true,
      containers: [
        { name: 'a', ports: [{ containerPort: 80, hostPort: 81 }] },
        { name: 'b', ports: [{ containerPort: 81, hostPort: 81 }] },
      ],
    },
    problems: [
      'spec.containers[0].ports[0].hostPort FieldValueInvalid: Invalid value: 81: must match `containerPort` when `hostNetwork` is true',
      'spec.containers[1].ports[0].hostPort FieldValueDuplicate: Duplicate value: 81',
    ],
  },
  {
    name: 'the DNS policy None needs a server',
    kind: 'Pod',
    spec: {
      containers: [{ name: 'c' }],
      dnsPolicy: 'None',
      dnsConfig: { searches: ['a.example', '_tcp.b', '.', '!'] },
    },
    problems: [
      "spec.dnsConfig.nameservers FieldValueRequired: Required value: must provide at least one DNS nameserver when `dnsPolicy` is 'None'",
      "spec.dnsConfig.searches[3] FieldValueInvalid: Invalid value: \"!\": must be lower-case letters, digits, '-' and '.', each part starting and ending with a letter or digit (a DNS subdomain, RFC 1123)",
    ],
  },
  { name: 'a plain one is valid', kind: 'Deployment', spec: { selector, template }, problems: [] },
  {
    name: 'its selector selects its pods',
    kind: 'Deployment',
    spec: { selector: { matchLabels: { app: 'b' } }, template },
    problems: [
      'spec.template.metadata.labels FieldValueInvalid: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
  },
  {
    name: 'its selector is not empty',
    kind: 'StatefulSet',
    spec: { selector: {}, template },
    problems: [
      'spec.selector FieldValueInvalid: Invalid value: {}: empty selector is invalid for a StatefulSet',
    ],
  },
  {
    name: 'needs selector and template',
    kind: 'DaemonSet',
    spec: {},
    problems: [
      'spec.selector FieldValueRequired: Required value',
      'spec.template FieldValueRequired: Required value',
    ],
  },
  {
    name: 'replicas are not negative and restart',
    kind: 'ReplicaSet',
    spec: {
      selector,
      replicas: -1,
      template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } },
    },
    problems: [
      'spec.replicas FieldValueInvalid: Invalid value: -1: must be greater than or equal to 0',
      'spec.template.spec.restartPolicy FieldValueNotSupported: Unsupported value: "Never": supported values: "Always"',
    ],
  },
  {
    name: 'says what happens to a container that ends',
    kind: 'Job',
    spec: { template },
    problems: [
      "spec.template.spec.restartPolicy FieldValueRequired: Required value: valid values: 'OnFailure', 'Never'",
    ],
  },
]);
