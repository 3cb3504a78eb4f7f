import type { Resource } from '../../api/resources.ts';
import { metadataProblems } from '../../api/validate/metadata.ts';
import type { FieldProblem } from '../../api/validate/problem.ts';
import { dnsSubdomain } from '../../api/validate/names.ts';
import type { CustomKind, CustomResource, ScalePaths } from '../catalog/custom-kind.ts';
import { isObject, type StoredObject } from '../json.ts';
import { forbidden, invalid } from '../status.ts';
import type { Store } from '../store/port.ts';
import { columnsOfVersion } from './columns.ts';
import { withSchemaDefaults } from './defaults.ts';
import { deprecationOf } from './deprecation.ts';
import { embeddedProblems } from './embedded.ts';
import type { Definition, DefinitionNames, DefinitionVersion } from './definition.ts';
import { fieldNames, parseJsonPath } from './json-path.ts';
import { nodeOf, type SchemaNode } from './node.ts';
import { pruneCustom } from './prune.ts';
import { compileRules, type EvaluateRules } from './rules.ts';
import { resourceShape } from './shape.ts';
import { storeView } from './store-view.ts';
import { schemaProblems } from './validate.ts';

/** What a custom resource is made from. */
export interface KindSource {
  readonly definition: Definition;
  /** The names that it was granted. */
  readonly names: DefinitionNames;
  readonly store: Store;
  /** Says once that these resources are no longer served like this. */
  readonly onRetired: (tell: () => void) => () => void;
}

/** The resources of a definition: one for each version that is served. */
export function customResourcesOf(source: KindSource): CustomResource[] {
  const { versions } = source.definition.spec;
  return versions.filter(({ served }) => served).map((version) => customResource(source, version));
}

function customResource(source: KindSource, version: DefinitionVersion): CustomResource {
  const { spec } = source.definition;
  const { plural, kind, singular = kind.toLowerCase(), shortNames = [] } = source.names;
  const resource: Resource = {
    group: spec.group,
    version: version.name,
    plural,
    singular,
    kind,
    shortNames,
    namespaced: spec.scope === 'Namespaced',
    subresources: Object.keys(version.subresources ?? {}).filter(
      (name) => name === 'status' || name === 'scale',
    ),
  };
  return { ...resource, custom: customKind(resource, version, source) };
}

function customKind(resource: Resource, version: DefinitionVersion, source: KindSource): CustomKind {
  const { definition, names } = source;
  const schema = version.schema?.openAPIV3Schema ?? {};
  const node = nodeOf(schema);
  const evaluateRules = compileRules(node);
  const withDefaults = (object: StoredObject): StoredObject => defaulted(object, node);
  const storageVersion = definition.spec.versions.find(({ storage }) => storage)?.name ?? version.name;
  return {
    shape: resourceShape(node),
    columns: columnsOfVersion(version),
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
    scale: scalePaths(version),
    categories: names.categories ?? [],
    schema,
    deprecation: deprecationOf(definition, version),
    withDefaults,
    prune: (object) => pruneCustom(object, node),
    admit(object, previous) {
      if (previous === undefined) requireAlive(definition, resource, object);
      const complete = withDefaults(object);
      const problems = objectProblems(complete, { node, previous, evaluateRules });
      if (problems.length > 0) throw invalid(resource, object.metadata.name, problems.map(causeOf));
      return complete;
    },
    store: storeView({
      store: source.store,
      resource,
      storageVersion,
      onRetired: source.onRetired,
      present: (object) => withDefaults(pruneCustom(object, node).object),
    }),
  };
}

interface Checks {
  readonly node: SchemaNode;
  readonly previous: StoredObject | undefined;
  readonly evaluateRules: EvaluateRules | undefined;
}

/** Rules are evaluated over values of the right types only. */
function objectProblems(object: StoredObject, { node, previous, evaluateRules }: Checks): FieldProblem[] {
  const ratchet = previous && { before: previous };
  const problems = schemaProblems(object, node, ratchet);
  if (problems.length > 0 && evaluateRules !== undefined) problems.push(notEvaluated);
  else if (evaluateRules !== undefined) problems.push(...evaluateRules(object, previous));
  return [...metadataProblems(object, dnsSubdomain), ...problems, ...embeddedProblems(object, node)];
}

const notEvaluated: FieldProblem = {
  path: '',
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

function causeOf({ path, reason, message }: FieldProblem): {
  reason: string;
  message: string;
  field: string;
} {
  return { reason, message, field: path === '' ? '<nil>' : path };
}

function defaulted(object: StoredObject, node: SchemaNode): StoredObject {
  const complete = withSchemaDefaults(object, node);
  return isObject(complete)
    ? { ...complete, apiVersion: object.apiVersion, kind: object.kind, metadata: object.metadata }
    : object;
}

function requireAlive({ metadata }: Definition, resource: Resource, object: StoredObject): void {
  if (metadata.deletionTimestamp === undefined) return;
  const why = 'create not allowed while custom resource definition is terminating';
  throw forbidden(resource, object.metadata.name, { why });
}

function scalePaths({ subresources }: DefinitionVersion): ScalePaths | undefined {
  const scale = subresources?.scale;
  if (scale === undefined) return undefined;
  const names = (text: string): string[] => fieldNames(parseJsonPath(text)) ?? [];
  return {
    specReplicas: names(scale.specReplicasPath),
    statusReplicas: names(scale.statusReplicasPath),
    selector: scale.labelSelectorPath === undefined ? undefined : names(scale.labelSelectorPath),
  };
}
