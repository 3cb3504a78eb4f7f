/**
 * How lists merge under a strategic merge patch, as upstream's types declare it (`patchStrategy`,
 * `patchMergeKey`), by the type and field that holds them. Lists that are not here are replaced whole.
 * `also` tells items of equal key apart: a Service has port 53 twice, over UDP and TCP.
 */
export interface MergeRule {
  /** Undefined for lists of scalars, which merge as sets. */
  readonly key?: string;
  readonly also?: string;
}

const byName: MergeRule = { key: 'name' };
const byType: MergeRule = { key: 'type' };

const set: MergeRule = {};

const rules: Readonly<Record<string, MergeRule>> = {
  'ObjectMeta.ownerReferences': { key: 'uid' },
  'ObjectMeta.finalizers': set,
  'PodSpec.containers': byName,
  'PodSpec.initContainers': byName,
  'PodSpec.ephemeralContainers': byName,
  'PodSpec.volumes': byName,
  'PodSpec.imagePullSecrets': byName,
  'PodSpec.hostAliases': { key: 'ip' },
  'PodSpec.topologySpreadConstraints': { key: 'topologyKey', also: 'whenUnsatisfiable' },
  'PodSpec.schedulingGates': byName,
  'PodSpec.resourceClaims': byName,
  'PodStatus.podIPs': { key: 'ip' },
  'PodStatus.hostIPs': { key: 'ip' },
  'ServiceSpec.ports': { key: 'port', also: 'protocol' },
  'ServiceAccount.secrets': byName,
  'ServiceAccount.imagePullSecrets': byName,
  'NodeSpec.podCIDRs': set,
  'NodeStatus.addresses': byType,
};

/** Fields of containers of every sort. */
const containerRules: Readonly<Record<string, MergeRule>> = {
  ports: { key: 'containerPort', also: 'protocol' },
  env: byName,
  volumeMounts: { key: 'mountPath' },
  volumeDevices: { key: 'devicePath' },
};

const containerTypes = new Set(['Container', 'EphemeralContainer']);

/** Undefined when the list is atomic. `type` is a name of the schema, such as `PodSpec`. */
export function mergeRuleOf(type: string, field: string): MergeRule | undefined {
  if (field === 'conditions' && type.endsWith('Status')) return byType;
  const table = containerTypes.has(type) ? containerRules : rules;
  const name = containerTypes.has(type) ? field : `${type}.${field}`;
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
