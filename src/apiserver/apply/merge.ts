import type { Shape } from '../../api/schema/lists.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { elementOf, itemShape, partsOf, shapeAt } from './parts.ts';

/** The live value with what is applied put over it: parts merge, wholes are replaced. */
export function mergeApplied(live: Json | undefined, applied: Json, shape: Shape): Json {
  if (live === undefined || shape.kind === 'leaf') return applied;
  if (Array.isArray(live) && Array.isArray(applied)) return mergeLists(live, applied, shape);
  if (!isJsonObject(live) || !isJsonObject(applied)) return applied;
  const result: JsonObject = { ...live };
  for (const [field, value] of Object.entries(applied)) {
    const known = Object.hasOwn(live, field) ? live[field] : undefined;
    result[field] = mergeApplied(known, value, shapeAt(shape, field));
  }
  return result;
}

/**
 * Items merge by their element. What is applied keeps its order; items that only the live list has come before the
 * shared item that they stood before, and ahead of new ones.
 */
function mergeLists(live: readonly Json[], applied: readonly Json[], shape: Shape): Json[] {
  if (applied.length === 0) return [...live];
  if (partsOf([...live], shape) === undefined && live.length > 0) return [...applied];
  const wanted = new Set(applied.map((item) => elementOf(item, shape)));
  const places = placesOf(live, shape);
  const result: Json[] = [];
  let taken = 0;
  const takeTo = (end: number): void => {
    for (; taken < end; taken++) {
      const item = live[taken] ?? null;
      if (!wanted.has(elementOf(item, shape))) result.push(item);
    }
  };
  const ats = applied.map((item) => places.get(elementOf(item, shape)));
  const ends = nextPlaces(ats, live.length);
  applied.forEach((item, i) => {
    const at = ats[i];
    takeTo(ends[i] ?? 0);
    result.push(at === undefined ? item : mergeApplied(live[at], item, itemShape(shape)));
  });
  takeTo(live.length);
  return result;
}

/** Where each item of a list is; the first of those with equal keys. */
function placesOf(list: readonly Json[], shape: Shape): Map<string | undefined, number> {
  const places = new Map<string | undefined, number>();
  list.forEach((item, i) => {
    const element = elementOf(item, shape);
    if (!places.has(element)) places.set(element, i);
  });
  return places;
}

/** For each place, itself or the next one that is known. */
function nextPlaces(places: readonly (number | undefined)[], end: number): number[] {
  let next = end;
  return places
    .toReversed()
    .map((place) => (next = place ?? next))
    .toReversed();
}
