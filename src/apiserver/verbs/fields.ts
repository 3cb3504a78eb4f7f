import type { Resource } from '../../api/resources.ts';
import type { StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import { badRequest } from '../status.ts';
import type { WriteOptions } from './options.ts';

export interface CheckedFields {
  /** Without the fields that the resource does not have. */
  readonly object: StoredObject;
  /** Warnings for the client, by RFC 7234 section 5.5. */
  readonly headers: Record<string, string>;
}

const mostWarnings = 20;

/** Leaves out unknown fields, and by `fieldValidation` says nothing, warns, or throws 400. */
export function checkFields(
  api: Api,
  resource: Resource,
  { object, options }: { object: StoredObject; options: WriteOptions },
): CheckedFields {
  const { object: pruned, unknown } = api.admission.prune(resource, object);
  const known = withoutEmptyMetadata(pruned);
  if (unknown.length === 0 || options.fieldValidation === 'Ignore') return { object: known, headers: {} };
  const problems = unknown.slice(0, mostWarnings).map((path) => `unknown field ${JSON.stringify(path)}`);
  if (options.fieldValidation === 'Strict') {
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: strict decoding error: ${problems.join(', ')}`,
    );
  }
  return { object: known, headers: warningHeaders(problems) };
}

/** Empty labels and the like are as good as none, and upstream's objects never have them. */
function withoutEmptyMetadata(object: StoredObject): StoredObject {
  const { labels, annotations, finalizers, ownerReferences } = object.metadata;
  const empty = [labels, annotations, finalizers, ownerReferences].some(isEmpty);
  if (!empty) return object;
  const optional = new Set(['labels', 'annotations', 'finalizers', 'ownerReferences']);
  const { name } = object.metadata;
  const kept = Object.entries(object.metadata).filter(
    ([field, value]) => !optional.has(field) || !isEmpty(value),
  );
  return { ...object, metadata: { ...Object.fromEntries(kept), name } };
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Header values are one line of ASCII; what a field name has beyond that is escaped. */
export function warningHeaders(problems: readonly string[]): { warning: string } {
  const warnings = problems.map((problem) => `299 - ${JSON.stringify(ascii(problem))}`);
  return { warning: warnings.join(', ') };
}

function ascii(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
