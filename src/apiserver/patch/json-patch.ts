import type { applyPatch } from 'rfc6902';
import { isObject, type JsonObject } from '../json.ts';
import { badRequest, StatusError } from '../status.ts';

/** What upstream allows in one patch; copies can otherwise double an object with every operation. */
const mostOperations = 10_000;
const copyLimit = 3 * 1024 * 1024;

/** Applies a JSON patch to a copy; throws 400 for a broken patch and 422 for one that does not apply. */
export type JsonPatch = (target: JsonObject, patch: unknown) => unknown;

/** JSON patch (RFC 6902); its library is loaded when the first one comes. */
export async function loadJsonPatch(): Promise<JsonPatch> {
  const library = await import('rfc6902');
  return (target, patch) => patched(library.applyPatch, target, patch);
}

function patched(apply: typeof applyPatch, target: JsonObject, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is an array of operations');
  if (patch.length > mostOperations)
    throw badRequest(`a JSON patch has at most ${mostOperations} operations`);
  const document = { root: structuredClone(target) };
  let copied = 0;
  for (const operation of patch.map(rooted)) {
    copied += operation['op'] === 'copy' ? JSON.stringify(document).length : 0;
    if (copied > copyLimit) throw badRequest('the JSON patch copies too much');
    const problem = strayed(document, operation) ?? problemOf(() => apply(document, [operation as never]));
    if (problem !== undefined)
      throw new StatusError(422, 'Invalid', `the JSON patch does not apply: ${problem}`, {});
  }
  return document.root;
}

/**
 * Why a pointer leads to what every object or array inherits, such as `constructor`: the library would follow it out
 * of the document.
 */
function strayed(
  document: JsonObject,
  { path, from }: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const pointer of [path, from]) {
    let at: unknown = document;
    for (const token of typeof pointer === 'string' ? pointer.split('/').slice(1) : []) {
      if (typeof at !== 'object' || at === null) break;
      const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
      if (!Object.hasOwn(at, name) || (Array.isArray(at) && name === 'length')) {
        if (name in at) return `there is no ${name}`;
        break;
      }
      at = Reflect.get(at, name);
    }
  }
  return undefined;
}

/** Why an operation fails. The library throws where it cannot write what differs, as with a field `toString`. */
function problemOf(apply: () => ReturnType<typeof applyPatch>): string | undefined {
  try {
    return apply()[0]?.message;
  } catch {
    return 'an operation fails';
  }
}

/** The operation on a document that holds ours as `root`, so that even a patch of the whole is one of a field. */
function rooted(operation: unknown): Record<string, unknown> {
  if (!isObject(operation) || !isPointer(operation['path']))
    throw badRequest('an operation of the JSON patch is broken');
  const { from } = operation;
  if (from !== undefined && !isPointer(from)) throw badRequest('an operation of the JSON patch is broken');
  return {
    ...operation,
    path: `/root${operation['path']}`,
    ...(from !== undefined && { from: `/root${from}` }),
  };
}

/** The library passes over these names instead of refusing them, so that a pointer would lead somewhere else. */
const forbiddenNames = new Set(['__proto__', 'constructor', 'prototype']);

function isPointer(value: unknown): value is string {
  if (typeof value !== 'string' || !/^(\/.*)?$/s.test(value)) return false;
  return !value.split('/').some((name) => forbiddenNames.has(name));
}
