import { apiVersionOf, knownResources, resourceOf, resources } from '../../api/resources.ts';
import { acceptedKinds } from '../../api/schema/accepted.ts';
import { withoutNulls } from '../../api/schema/nulls.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { required, type FieldProblem } from '../../api/validate/problem.ts';
import { isObject } from '../../api/validate/structure.ts';
import { nearest } from '../../api/validate/suggest.ts';
import { objectProblems } from '../../api/validate/object.ts';
import { usualRules } from '../../api/validate/usual.ts';
import type { ManifestDocument } from './document.ts';
import { stepsOf } from './path.ts';

/** An object as a manifest gives it, and where. */
export interface LoadedObject {
  readonly object: KubernetesObject;
  readonly source: { readonly file: string; readonly line: number };
  /** Line in the file of a field such as `spec.ingress[0].ports[1]`; of the nearest field above it that exists. */
  lineOf(path: string): number;
}

/** A complaint with its place: a line of what the user reads. */
export interface LocatedProblem {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  /** What is in doubt without the object; undefined where anything may be. */
  readonly doubtIn?: 'nothing' | 'everywhere' | { readonly namespace: string };
}

/** What one document holds: objects, or what is wrong with them. */
export interface ReadObjects {
  readonly objects: LoadedObject[];
  readonly problems: LocatedProblem[];
}

/** A place within a document: the object itself or an item of a list. */
interface Candidate {
  readonly value: unknown;
  readonly steps: readonly string[];
}

/** The objects of a document, its lists (`kind: List` and the typed ones) taken apart, each validated. */
export async function readObjects(document: ManifestDocument, file: string): Promise<ReadObjects> {
  const result: ReadObjects = { objects: [], problems: [] };
  for (const candidate of candidatesOf({ value: document.value, steps: [] })) {
    const lineOf = (path: string): number => document.lineOf([...candidate.steps, ...stepsOf(path)]);
    const problems = isManifest(candidate.value) ? await validateManifest(candidate.value) : notAnObject;
    if (problems.length > 0) {
      const [name, doubt] = [nameOf(candidate.value), doubtOf(candidate.value)];
      for (const one of problems)
        result.problems.push({ file, line: lineOf(one.path), what: `${name}${wordsOf(one)}`, ...doubt });
    } else {
      // Validated just now.
      const object = withNamespace(withoutNulls(candidate.value as KubernetesObject));
      const line = candidate.steps.length === 0 ? document.line : lineOf('');
      result.objects.push({ object, source: { file, line }, lineOf });
    }
  }
  return result;
}

function candidatesOf(candidate: Candidate): Candidate[] {
  const { value, steps } = candidate;
  if (value === null || value === undefined) return [];
  if (!isObject(value) || !Array.isArray(value['items'])) return [candidate];
  const { apiVersion, kind, items } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !kind.endsWith('List'))
    return [candidate];
  // Lists in lists are nothing that any tool writes: one level is enough.
  return items.map((item, index) => ({
    value:
      isObject(item) && kind !== 'List' ? { apiVersion, kind: kind.slice(0, -'List'.length), ...item } : item,
    steps: [...steps, 'items', String(index)],
  }));
}

function isManifest(value: unknown): value is { apiVersion: string; kind: string } {
  return isObject(value) && isName(value['apiVersion']) && isName(value['kind']);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

const notAnObject: readonly FieldProblem[] = [
  {
    path: '',
    reason: 'FieldValueRequired',
    message: 'not a Kubernetes object: apiVersion and kind are required',
  },
];

async function validateManifest(value: {
  apiVersion: string;
  kind: string;
}): Promise<readonly FieldProblem[]> {
  const elsewhere = servedElsewhere(value);
  if (elsewhere !== undefined) {
    const message = `no ${value.kind} in ${value.apiVersion}: it is in ${elsewhere}`;
    return [{ path: 'apiVersion', reason: 'FieldValueNotSupported', message }];
  }
  const meant = kindMeant(value);
  if (meant !== undefined) {
    const message = `no kind ${value.kind} in ${value.apiVersion}`;
    return [{ path: 'kind', reason: 'FieldValueNotSupported', message, suggestion: meant }];
  }
  const problems = await problemsOf(value);
  const { metadata } = value as Partial<KubernetesObject>;
  if (problems.length > 0 || isName(metadata?.name)) return problems;
  return [required('metadata.name', 'a manifest names its object; generateName is not enough')];
}

/** The rules of other kinds are loaded for the first object of one. */
async function problemsOf(value: { apiVersion: string; kind: string }): Promise<readonly FieldProblem[]> {
  const resource = resourceOf(value);
  const rules = resource && usualRules.get(resource);
  if (rules !== undefined) return objectProblems(value, () => rules);
  const { validateObject } = await import('../../api/validate/validate.ts');
  return validateObject(value);
}

/** Groups that Kubernetes' own kinds are in, or once were. */
const builtInGroups = new Set([
  '',
  'apps',
  'batch',
  'extensions',
  'networking.k8s.io',
  'discovery.k8s.io',
  'weft.dev',
]);

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

/** The apiVersion of a known kind that is written with one that no longer exists, or never did. */
function servedElsewhere({ apiVersion, kind }: { apiVersion: string; kind: string }): string | undefined {
  if (!builtInGroups.has(groupOf(apiVersion)) || resourceOf({ apiVersion, kind }) !== undefined)
    return undefined;
  const known = Object.values(resources).find((resource) => resource.kind === kind);
  return known === undefined ? undefined : apiVersionOf(known);
}

/**
 * The kind of Kubernetes that is meant by one that its group does not have. Kinds like no other are somebody's whom labs need
 * not know.
 */
function kindMeant({ apiVersion, kind }: { apiVersion: string; kind: string }): string | undefined {
  if (!builtInGroups.has(groupOf(apiVersion))) return undefined;
  const known = [...knownResources, ...acceptedKinds].map((one) => one.kind);
  return known.includes(kind) ? undefined : nearest(kind, known);
}

/** Whether objects of this kind live in namespaces; undefined where that is not known. */
function isNamespaced(object: { apiVersion: string; kind: string }): boolean | undefined {
  const { apiVersion, kind } = object;
  const accepted = acceptedKinds.find((one) => one.apiVersion === apiVersion && one.kind === kind);
  return resourceOf(object)?.namespaced ?? accepted?.namespaced;
}

/** As kubectl sends it: to `default` where no namespace is given, to none where the kind has none. */
function withNamespace(object: KubernetesObject): KubernetesObject {
  const namespaced = isNamespaced(object);
  if (namespaced === undefined) return object;
  const { namespace = '', ...metadata } = object.metadata;
  if (!namespaced) return { ...object, metadata };
  return { ...object, metadata: { ...metadata, namespace: namespace === '' ? 'default' : namespace } };
}

/** Kinds whose objects decide about packets of the whole cluster. */
const decidingKinds: readonly string[] = [
  'Namespace',
  'Node',
  'ClusterNetwork',
  'ClusterNetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
];

/** Who reaches whom without this object: its own workload apart, only policies and what selects pods matter. */
function doubtOf(value: unknown): Pick<LocatedProblem, 'doubtIn'> {
  if (!isManifest(value) || decidingKinds.includes(value.kind)) return {};
  if (value.kind !== 'NetworkPolicy') return { doubtIn: 'nothing' };
  const { metadata } = value as { metadata?: unknown };
  const namespace = isObject(metadata) && isName(metadata['namespace']) ? metadata['namespace'] : 'default';
  return { doubtIn: { namespace: String(namespace) } };
}

/** `Service shop/web: `, as far as it is known. */
function nameOf(value: unknown): string {
  if (!isManifest(value)) return '';
  const { kind, metadata } = value as { kind: string; metadata?: unknown };
  if (!isObject(metadata) || !isName(metadata['name'])) return `${kind}: `;
  const namespace = isName(metadata['namespace']) ? `${String(metadata['namespace'])}/` : '';
  return `${kind} ${namespace}${String(metadata['name'])}: `;
}

function wordsOf({ path, reason, message, suggestion }: FieldProblem): string {
  if (suggestion !== undefined) return `${message}, did you mean "${suggestion}"?`;
  return path === '' || reason === 'UnknownField' ? message : `${path}: ${message}`;
}
