import { objectType, type FieldType } from './schema.ts';

/**
 * How a value takes part in server-side apply (KEP-555): `leaf` is owned as a whole, the others part by part.
 * `struct` has the fields of its type, `map` any keys, `set` is a list of scalars, `list` one of objects that
 * are told apart by `keys`; `defaults` is what a key counts as where an item leaves it out.
 */
export type Shape =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'struct' | 'map'; readonly at: (field: string) => Shape }
  | { readonly kind: 'set' }
  | {
      readonly kind: 'list';
      readonly keys: readonly string[];
      readonly defaults: Readonly<Record<string, string | number | boolean>>;
      readonly item: Shape;
    };

/**
 * The `+listType` and `+listMapKey` of upstream's types, by type and field: a list of keys is a map, an empty one
 * a set. Lists that are not here are atomic. Conditions are by type wherever `conditionsAreAtomic` does not say
 * otherwise.
 */
const lists: Readonly<Record<string, readonly string[]>> = {
  'ObjectMeta.finalizers': [],
  'ObjectMeta.ownerReferences': ['uid'],
  'PodSpec.containers': ['name'],
  'PodSpec.initContainers': ['name'],
  'PodSpec.ephemeralContainers': ['name'],
  'PodSpec.volumes': ['name'],
  'PodSpec.imagePullSecrets': ['name'],
  'PodSpec.hostAliases': ['ip'],
  'PodSpec.topologySpreadConstraints': ['topologyKey', 'whenUnsatisfiable'],
  'PodSpec.schedulingGates': ['name'],
  'PodSpec.resourceClaims': ['name'],
  'PodStatus.podIPs': ['ip'],
  'PodStatus.resourceClaimStatuses': ['name'],
  'ContainerStatus.volumeMounts': ['mountPath'],
  'ContainerStatus.allocatedResourcesStatus': ['name'],
  'ContainerRestartRuleOnExitCodes.values': [],
  'JSONSchemaProps.x-kubernetes-validations': ['rule'],
  'NodeAllocatableResourceClaimStatus.containers': [],
  'ResourceRequirements.claims': ['name'],
  'ResourceStatus.resources': ['resourceID'],
  'ServiceSpec.ports': ['port', 'protocol'],
  'ServiceAccount.secrets': ['name'],
  'NodeSpec.podCIDRs': [],
  'NodeStatus.addresses': ['type'],
  'Endpoint.addresses': [],
  'PodFailurePolicyOnExitCodesRequirement.values': [],
  'UncountedTerminatedPods.failed': [],
  'UncountedTerminatedPods.succeeded': [],
  'ValidatingAdmissionPolicyBindingSpec.validationActions': [],
  'ValidatingAdmissionPolicySpec.matchConditions': ['name'],
  'ValidatingAdmissionPolicySpec.variables': ['name'],
};

/** Lists of containers of every sort. */
const containerLists: Readonly<Record<string, readonly string[]>> = {
  env: ['name'],
  ports: ['containerPort', 'protocol'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
};

const conditionsAreAtomic = new Set(['JobStatus']);

/** What a key counts as where an item leaves it out. */
const defaultKeys: Readonly<Record<string, string>> = { protocol: 'TCP' };

/** Types that upstream declares `+structType=atomic`. */
const atomicTypes = new Set([
  'ConfigMapKeySelector',
  'EndpointAddress',
  'EndpointPort',
  'EndpointPort_',
  'FileKeySelector',
  'LabelSelector',
  'LocalObjectReference',
  'MatchResources',
  'NamedRuleWithOperations',
  'NodeSelector',
  'NodeSelectorTerm',
  'ObjectFieldSelector',
  'ObjectReference',
  'OwnerReference',
  'ParamKind',
  'ParamRef',
  'ResourceFieldSelector',
  'RoleRef',
  'ScopeSelector',
  'SecretKeySelector',
  'SecretReference',
  'ServiceBackendPort',
  'Subject',
  'TopologySelectorTerm',
  'TypedLocalObjectReference',
  'Variable',
]);

/** Maps that upstream declares `+mapType=atomic`. */
const atomicMaps = new Set([
  'PodSpec.nodeSelector',
  'ReplicationControllerSpec.selector',
  'ServiceSpec.selector',
]);

/** Whether values of a type are owned as a whole. */
export function isAtomicType(type: string): boolean {
  return atomicTypes.has(type);
}

export const leaf: Shape = { kind: 'leaf' };

/** The shape of a field of a type, both as the schema names them. A field that the type does not have is a leaf. */
export function shapeOfField(type: string, field: string): Shape {
  const declared = objectType(type).get(field)?.type;
  if (declared === undefined) return leaf;
  if (declared.kind === 'map') return atomicMaps.has(`${type}.${field}`) ? leaf : shapeOf(declared);
  if (declared.kind !== 'array') return shapeOf(declared);
  const keys = keysOf(type, field);
  if (keys === undefined) return leaf;
  if (keys.length === 0) return { kind: 'set' };
  return { kind: 'list', keys, defaults: defaultKeys, item: shapeOf(declared.item) };
}

const structs = new Map<string, Shape>();

/** The shape of values of a type. */
export function shapeOf(type: FieldType): Shape {
  if (type.kind === 'map') return mapShape(shapeOf(type.item));
  if (type.kind !== 'object' || atomicTypes.has(type.name)) return leaf;
  const known = structs.get(type.name);
  if (known !== undefined) return known;
  const struct: Shape = { kind: 'struct', at: (field) => shapeOfField(type.name, field) };
  structs.set(type.name, struct);
  return struct;
}

/** The shape of a map whose values are all of one shape. */
export function mapShape(item: Shape): Shape {
  return { kind: 'map', at: () => item };
}

/** The shape of an item of a list that merges by key: one of an atomic type still has its parts told apart by key. */
function keysOf(type: string, field: string): readonly string[] | undefined {
  if (field === 'conditions' && type.endsWith('Status') && !conditionsAreAtomic.has(type)) return ['type'];
  if (type === 'Container' || type === 'EphemeralContainer') {
    return Object.hasOwn(containerLists, field) ? containerLists[field] : undefined;
  }
  const name = `${type}.${field}`;
  return Object.hasOwn(lists, name) ? lists[name] : undefined;
}
