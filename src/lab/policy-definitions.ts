import type { KubernetesObject } from '../api/types/meta.ts';
import { policyResources, type Resource } from '../api/resources.ts';

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const integer = (minimum: number, maximum: number): Schema => ({
  type: 'integer',
  format: 'int32',
  minimum,
  maximum,
});
const port = integer(1, 65_535);
const list = (items: Schema): Schema => ({ type: 'array', items, maxItems: 25 });
const fullList = (items: Schema): Schema => ({ ...list(items), minItems: 1 });
const object = (properties: Record<string, Schema>, required: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
});
/** Exactly one of the fields. */
const oneOf = (properties: Record<string, Schema>): Schema => ({
  ...object(properties),
  minProperties: 1,
  maxProperties: 1,
});
const words = (...values: string[]): Schema => ({ type: 'string', enum: values });
const rule = (expression: string, message: string): Schema => ({
  'x-kubernetes-validations': [{ rule: expression, message }],
});

const selector: Schema = {
  ...object({
    matchLabels: { type: 'object', additionalProperties: text },
    matchExpressions: {
      type: 'array',
      items: object({ key: text, operator: text, values: { type: 'array', items: text } }, [
        'key',
        'operator',
      ]),
    },
  }),
  'x-kubernetes-map-type': 'atomic',
};

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
    ingress: list(ruleSchema({ from: fullList(subject) }, actions, ports)),
    egress: list({
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
  ports: list(
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
  return [
    definition(policyResources.clusternetworkpolicies, specs.clusternetworkpolicies, ['v1alpha2', 'v1beta1']),
    definition(policyResources.adminnetworkpolicies, specs.adminnetworkpolicies, ['v1alpha1']),
    definition(policyResources.baselineadminnetworkpolicies, specs.baselineadminnetworkpolicies, [
      'v1alpha1',
    ]),
  ];
}

const conditions: Schema = {
  type: 'array',
  items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
};

function definition(resource: Resource, spec: Schema, versions: readonly string[]): KubernetesObject {
  const { group, kind, plural, singular, shortNames } = resource;
  const columns = [
    { name: 'Tier', type: 'string', jsonPath: '.spec.tier' },
    { name: 'Priority', type: 'integer', jsonPath: '.spec.priority' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ];
  const has = (name: string): boolean =>
    name === 'Age' || name.toLowerCase() in (spec['properties'] as object);
  const made = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, served by a Weft lab' },
    },
    spec: {
      group,
      scope: 'Cluster',
      names: { kind, plural, singular, shortNames: [...shortNames], listKind: `${kind}List` },
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: name === resource.version,
        subresources: { status: {} },
        additionalPrinterColumns: columns.filter((column) => has(column.name)),
        schema: {
          openAPIV3Schema: object(
            {
              apiVersion: text,
              kind: text,
              metadata: { type: 'object' },
              spec,
              status: object({ conditions }),
            },
            ['spec'],
          ),
        },
      })),
    },
  };
  return made;
}
