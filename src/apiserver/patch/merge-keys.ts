/**
 * How lists merge under a strategic merge patch, as upstream's types declare it (`patchStrategy`,
 * `patchMergeKey`), by the type and field that holds them. Lists that are not here are replaced whole.
 * `also` tells items of equal key apart: a Service has port 53 twice, over UDP and TCP.
 */
export interface MergeRule {
  /** Undefined for lists of scalars, which merge as sets. */
  readonly key?: string;
  readonly also?: string;
  /** Clients shall send `$retainKeys` with an item, for its fields exclude each other. */
  readonly retainsKeys?: true;
}

const byName: MergeRule = { key: 'name' };
const byNameRetaining: MergeRule = { key: 'name', retainsKeys: true };
const byType: MergeRule = { key: 'type' };

const set: MergeRule = {};

const rules: Readonly<Record<string, MergeRule>> = {
  'ObjectMeta.ownerReferences': { key: 'uid' },
  'ObjectMeta.finalizers': set,
  'PodSpec.containers': byName,
  'PodSpec.initContainers': byName,
  'PodSpec.ephemeralContainers': byName,
  'PodSpec.volumes': byNameRetaining,
  'PodSpec.imagePullSecrets': byName,
  'PodSpec.hostAliases': { key: 'ip' },
  'PodSpec.topologySpreadConstraints': { key: 'topologyKey', also: 'whenUnsatisfiable' },
  'PodSpec.schedulingGates': byName,
  'PodSpec.resourceClaims': byNameRetaining,
  'PodStatus.podIPs': { key: 'ip' },
  'PodStatus.resourceClaimStatuses': byNameRetaining,
  'ContainerStatus.allocatedResourcesStatus': byName,
  'ContainerStatus.volumeMounts': { key: 'mountPath' },
  'PodStatus.hostIPs': { key: 'ip' },
  'ServiceSpec.ports': { key: 'port', also: 'protocol' },
  'ServiceAccount.secrets': byName,
  'NodeSpec.podCIDRs': set,
  'NodeStatus.addresses': byType,
  'JSONSchemaProps.x-kubernetes-validations': { key: 'rule' },
  'ValidatingAdmissionPolicySpec.matchConditions': byName,
  'ValidatingAdmissionPolicySpec.variables': byName,
};

/** Fields of containers of every sort. */
const containerRules: Readonly<Record<string, MergeRule>> = {
  ports: { key: 'containerPort', also: 'protocol' },
  env: byName,
  volumeMounts: { key: 'mountPath' },
  volumeDevices: { key: 'devicePath' },
};

/** Conditions that no patch merges. */
const replacedConditions = new Set(['CustomResourceDefinitionStatus', 'ValidatingAdmissionPolicyStatus']);

/** Objects that do not merge as others do: they are replaced, or clients send `$retainKeys` with them. */
const objectRules: Readonly<Record<string, 'replace' | 'retainKeys'>> = {
  'DeploymentSpec.strategy': 'retainKeys',
  'PodDisruptionBudgetSpec.selector': 'replace',
};

/** The `patchStrategy` of a field that holds an object; undefined where it merges. */
export function objectRuleOf(type: string, field: string): 'replace' | 'retainKeys' | undefined {
  const name = `${type}.${field}`;
  return Object.hasOwn(objectRules, name) ? objectRules[name] : undefined;
}

const containerTypes = new Set(['Container', 'EphemeralContainer']);

/** Undefined when the list is atomic. `type` is a name of the schema, such as `PodSpec`. */
export function mergeRuleOf(type: string, field: string): MergeRule | undefined {
  if (field === 'conditions' && type.endsWith('Status') && !replacedConditions.has(type)) return byType;
  const table = containerTypes.has(type) ? containerRules : rules;
  const name = containerTypes.has(type) ? field : `${type}.${field}`;
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
