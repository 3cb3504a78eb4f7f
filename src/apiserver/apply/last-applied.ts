import type { Shape } from '../../api/schema/lists.ts';
import { isHarmless, isJsonObject, type Json, type StoredObject } from '../json.ts';
import { compareFields } from './compare.ts';
import { difference, noFields, union, type FieldSet } from './field-set.ts';
import { ownedFields } from './owned.ts';
import { comparable } from './scope.ts';
import type { Writer } from './track.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
const deepest = 100;

/**
 * Fields that `kubectl` set when it still merged by itself, as it noted in an annotation, and that nobody changed
 * since: they are no conflict when it first applies on the server, although its updates own them (as upstream has it).
 */
export function fieldsOfLastApplied(live: StoredObject, shape: Shape, writer: Writer): FieldSet {
  const last = writer.id.manager === 'kubectl' ? parse(live.metadata.annotations?.[annotation]) : undefined;
  if (!isJsonObject(last)) return noFields;
  const { changed, removed } = compareFields(last, comparable(live), shape);
  return difference(ownedFields(last, shape), union(changed, removed));
}

function parse(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed = JSON.parse(text) as Json;
    return isHarmless(parsed, deepest) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
