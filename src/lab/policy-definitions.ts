import { policyResources } from '../api/resources.ts';
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

const limited = (items: Schema): Schema => ({ ...list(items), maxItems: 25 });
const port = integer(1, 65_535);
const fullList = (items: Schema): Schema => ({ ...limited(items), minItems: 1 });
/** Exactly one of the fields. */
const oneOf = (properties: Record<string, Schema>): Schema => ({
  ...object(properties),
  minProperties: 1,
  maxProperties: 1,
});

const subjectFields = {
  namespaces: selector,
  pods: object({ namespaceSelector: selector, podSelector: selector }, ['podSelector']),
};
const subject = oneOf(subjectFields);
const egressPeer = oneOf({
  ...subjectFields,
  nodes: selector,
  networks: fullList({ type: 'string', maxLength: 43, ...rule('isCIDR(self)', 'must be a CIDR') }),
  domainNames: fullList({
    type: 'string',
    pattern:
      '^(\\*\\.)?([a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\\.)+[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\\.?$',
  }),
});
const range = (more: Record<string, Schema> = {}): Schema => ({
  ...object({ ...more, start: port, end: port }, ['start', 'end']),
  ...rule('self.start < self.end', 'end must be greater than start'),
});
const protocolName: Schema = { ...words('TCP', 'UDP', 'SCTP'), default: 'TCP' };

/** A rule's schema: who is at the other end, and what it says of ports. */
function ruleSchema(peers: Record<string, Schema>, actions: Schema, ports: Record<string, Schema>): Schema {
  const name = { type: 'string', maxLength: 100 };
  return object({ name, action: actions, ...peers, ...ports }, ['action', ...Object.keys(peers)]);
}

/** `named` is the path from a rule's list of ports to a port's name: only pods have names for ports. */
function directions(
  actions: Schema,
  ports: Record<string, Schema>,
  named: readonly [list: string, name: string],
): Record<string, Schema> {
  const [listName, name] = named;
  const egress = ruleSchema({ to: fullList(egressPeer) }, actions, ports);
  return {
    ingress: limited(ruleSchema({ from: fullList(subject) }, actions, ports)),
    egress: limited({
      ...egress,
      ...rule(
        `!(has(self.${listName}) && self.${listName}.exists(one, has(one.${name})) && ` +
          'self.to.exists(peer, has(peer.networks) || has(peer.nodes) || has(peer.domainNames)))',
        'networks, nodes and domain names have no names for ports: give the number',
      ),
    }),
  };
}

const match: Schema = {
  ...object({ destinationPort: oneOf({ number: port, range: range() }) }),
  minProperties: 1,
};
const newRules = directions(
  words('Accept', 'Deny', 'Pass'),
  { protocols: fullList(oneOf({ tcp: match, udp: match, sctp: match, destinationNamedPort: text })) },
  ['protocols', 'destinationNamedPort'],
);
const olderPorts = {
  ports: limited(
    oneOf({
      portNumber: object({ protocol: protocolName, port }, ['port']),
      portRange: range({ protocol: protocolName }),
      namedPort: text,
    }),
  ),
};
const olderName = ['ports', 'namedPort'] as const;
const allActions = words('Allow', 'Deny', 'Pass');
const priority = integer(0, 1000);

const specs = {
  clusternetworkpolicies: object({ tier: words('Admin', 'Baseline'), priority, subject, ...newRules }, [
    'tier',
    'priority',
    'subject',
  ]),
  adminnetworkpolicies: object({ priority, subject, ...directions(allActions, olderPorts, olderName) }, [
    'priority',
    'subject',
  ]),
  baselineadminnetworkpolicies: object(
    { subject, ...directions(words('Allow', 'Deny'), olderPorts, olderName) },
    ['subject'],
  ),
} satisfies Record<keyof typeof policyResources, Schema>;

/**
 * The definitions by which a lab serves the kinds of policy.networking.k8s.io. ClusterNetworkPolicy is there in both
 * versions, which have the same fields.
 */
export function policyDefinitions(): KubernetesObject[] {
  return Object.entries(specs).map(([plural, spec]) => {
    const resource = policyResources[plural as keyof typeof specs];
    return definition(resource, {
      schema: object({ spec, status: object({ conditions }) }, ['spec']),
      columns: columns.filter(({ name }) => name === 'Age' || name.toLowerCase() in propertiesOf(spec)),
      alsoServed: resource === policyResources.clusternetworkpolicies ? ['v1beta1'] : [],
      annotations: { 'api-approved.kubernetes.io': 'unapproved, served by a Weft lab' },
    });
  });
}

const columns: readonly Column[] = [
  { name: 'Tier', type: 'string', jsonPath: '.spec.tier' },
  { name: 'Priority', type: 'integer', jsonPath: '.spec.priority' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

const conditions: Schema = {
  type: 'array',
  items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
};

const propertiesOf = (schema: Schema): object => schema['properties'] as object;
