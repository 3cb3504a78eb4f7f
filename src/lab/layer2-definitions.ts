import { layer2Resources } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import {
  definition,
  integer,
  list,
  object,
  rule,
  selector,
  text,
  words,
  type Column,
  type Schema,
} from './definition.ts';

/** What must hold of addresses and ranges is asked in `api/validate/layer2`, which says it in the same words everywhere. */
const cidr: Schema = { type: 'string', maxLength: 43 };
const address: Schema = { type: 'string', maxLength: 39 };
const range: Schema = { type: 'string', maxLength: 80 };

const plan = {
  prefix: cidr,
  gateway: address,
  dhcp: object({ range, server: address, leaseSeconds: integer(10, 31_536_000) }, ['range']),
  pools: {
    ...list(object({ name: { ...text, maxLength: 63 }, range }, ['name', 'range'])),
    maxItems: 32,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  },
};

/** As in NetworkPolicy. */
const peer = object({
  podSelector: selector,
  namespaceSelector: selector,
  ipBlock: object({ cidr, except: list(cidr) }, ['cidr']),
});
const port = object({
  protocol: words('TCP', 'UDP', 'SCTP'),
  port: { 'x-kubernetes-int-or-string': true },
  endPort: integer(1, 65_535),
});

const column = (name: string, field: string, type = 'string'): Column => ({
  name,
  type,
  jsonPath: `.spec.${field}`,
});

interface Kind {
  readonly schema: Schema;
  readonly columns?: readonly Column[];
  readonly annotations?: Readonly<Record<string, string>>;
}

const withSpec = (spec: Schema, status: Schema = { type: 'object' }): Schema =>
  object({ spec, status }, ['spec']);

const kinds: Readonly<Record<keyof typeof layer2Resources, Kind>> = {
  segments: {
    schema: object({
      spec: object({ ...plan, vlan: integer(1, 4094), nodeAddresses: words('Static', 'DHCP') }),
      status: { type: 'object' },
    }),
    columns: [
      column('Prefix', 'prefix'),
      column('Gateway', 'gateway'),
      column('VLAN', 'vlan', 'integer'),
      column('DHCP', 'dhcp.range'),
    ],
  },
  virtualswitches: {
    schema: withSpec({
      ...object({ ...plan, type: words('external', 'internal'), uplink: text, address }, ['type']),
      ...rule('self.type == oldSelf.type', 'type cannot be changed'),
    }),
    columns: [column('Type', 'type'), column('Uplink', 'uplink'), column('Prefix', 'prefix')],
  },
  segmentaddresses: {
    schema: withSpec(
      {
        ...object(
          {
            domain: text,
            address,
            holder: object(
              {
                kind: words('Node', 'Pod', 'VirtualMachine', 'VirtualSwitch', 'DHCPServer', 'DHCPClient'),
                cluster: text,
                namespace: text,
                name: text,
                uid: text,
                interface: text,
              },
              ['kind', 'name', 'interface'],
            ),
          },
          ['domain', 'address', 'holder'],
        ),
        ...rule('self == oldSelf', 'who has an address does not change: it is given back and given again'),
      },
      object({ leaseEnds: text }),
    ),
    columns: [
      column('Domain', 'domain'),
      column('Address', 'address'),
      column('Kind', 'holder.kind'),
      column('Namespace', 'holder.namespace'),
      column('Name', 'holder.name'),
      column('Interface', 'holder.interface'),
      { name: 'Lease Ends', type: 'string', jsonPath: '.status.leaseEnds' },
    ],
  },
  noderoutes: {
    schema: withSpec(
      {
        ...object(
          {
            interface: { type: 'string', pattern: '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}$' },
            destination: cidr,
            nextHop: address,
            metric: integer(1, 0x7fff_ffff),
          },
          ['interface', 'destination', 'nextHop', 'metric'],
        ),
        ...rule('self == oldSelf', 'a route does not change: remove it and add another'),
      },
      object({
        problems: list(object({ node: text, message: text }, ['node', 'message'])),
        nodes: list(text),
      }),
    ),
    columns: [
      column('Interface', 'interface'),
      column('Destination', 'destination'),
      column('Next Hop', 'nextHop'),
      column('Metric', 'metric', 'integer'),
      { name: 'Problem', type: 'string', jsonPath: '.status.problems[0].message' },
    ],
  },
  multinetworkpolicies: {
    // The same group's MultiNetworkPolicy: the spec of a NetworkPolicy.
    schema: object({
      spec: object({
        podSelector: selector,
        policyTypes: list(words('Ingress', 'Egress')),
        ingress: list(object({ from: list(peer), ports: list(port) })),
        egress: list(object({ to: list(peer), ports: list(port) })),
      }),
    }),
    annotations: {
      'weft.dev/source': 'https://github.com/k8snetworkplumbingwg/multi-networkpolicy (Apache-2.0)',
    },
  },
  networkattachmentdefinitions: {
    // The Kubernetes Network Plumbing Working Group's specification, version 1.3: a spec with one field.
    schema: object({ spec: object({ config: text }) }),
    annotations: {
      'weft.dev/source':
        'https://github.com/k8snetworkplumbingwg/network-attachment-definition-client (Apache-2.0), ' +
        'Network Plumbing Working Group de facto standard 1.3',
    },
  },
};

/** The definitions by which a lab serves the layer-2 world and NetworkAttachmentDefinitions. */
export function layer2Definitions(): KubernetesObject[] {
  return Object.entries(kinds).map(([plural, { schema, columns = [], annotations }]) =>
    definition(layer2Resources[plural as keyof typeof kinds], {
      schema,
      columns,
      ...(annotations && { annotations }),
    }),
  );
}
