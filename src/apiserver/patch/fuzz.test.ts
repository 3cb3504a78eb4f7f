import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { resourceOf, resources } from '../../api/resources.ts';
import { WeftError } from '../../lib/errors.ts';
import { applyConfiguration } from '../apply/apply.ts';
import { requireApplicable } from '../apply/applicable.ts';
import { decodeManagers, encodeManagers } from '../apply/managers.ts';
import { objectShape } from '../apply/scope.ts';
import { updateManagers, type Writer } from '../apply/track.ts';
import type { Json, JsonObject, StoredObject } from '../json.ts';
import { loadJsonPatch } from './json-patch.ts';
import { mergePatch } from './merge.ts';
import { strategicMergePatch } from './strategic.ts';

/** Words that mean something to some engine, so that arbitrary documents reach deep into all of them. */
const words = [
  'metadata',
  'spec',
  'ports',
  'containers',
  'template',
  'finalizers',
  'labels',
  'name',
  'port',
  'protocol',
  'constructor',
  'toString',
  'hasOwnProperty',
  '$patch',
  '$retainKeys',
  '$setElementOrder/ports',
  '$deleteFromPrimitiveList/finalizers',
  'replace',
  'delete',
  'merge',
];

const { json, object } = fc.letrec<{ json: Json; object: JsonObject }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Json[]>(null, true, 1, 80, 'TCP', ...words),
    fc.array(tie('json'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 3 })), tie('json'), {
    maxKeys: 5,
  }),
}));

/** Runs it; anything but an answer or a WeftError fails the test. */
function survives(run: () => unknown): void {
  try {
    run();
  } catch (thrown) {
    if (!(thrown instanceof WeftError)) throw thrown;
  }
  assert.equal(Object.getPrototypeOf({}), Object.prototype);
  assert.deepEqual(Object.keys(Object.prototype), []);
}

const types = fc.constantFrom('Pod', 'PodSpec', 'Service', 'ServiceSpec', 'ObjectMeta', undefined);

test('merge patches of anything end in an answer or a refusal, and leave their target alone', () => {
  fc.assert(
    fc.property(object, object, types, (target, patch, type) => {
      const before = JSON.stringify(target);
      survives(() => mergePatch(target, patch));
      survives(() => strategicMergePatch(target, patch, type));
      assert.equal(JSON.stringify(target), before);
    }),
    { numRuns: 500 },
  );
});

/** RFC 7386 by its own words: `MergePatch(Target, Patch)` as a map from paths to leaves. */
function naiveMerge(target: Json | undefined, patch: Json): Json {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const base = target === undefined || target === null || typeof target !== 'object' || Array.isArray(target);
  const fields = new Map<string, Json>(base ? [] : Object.entries(target));
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) fields.delete(field);
    else fields.set(field, naiveMerge(fields.get(field), value));
  }
  return Object.fromEntries(fields);
}

test('a merge patch does what RFC 7386 says', () => {
  fc.assert(
    fc.property(object, object, (target, patch) => {
      assert.deepEqual(mergePatch(target, patch), naiveMerge(target, patch));
    }),
  );
});

test('JSON patches of anything end in an answer or a refusal, and leave their target alone', async () => {
  const apply = await loadJsonPatch();
  const pointer = fc.array(fc.constantFrom('spec', 'ports', '0', '-', 'x', '__proto__', 'constructor'), {
    maxLength: 4,
  });
  const path = pointer.map((parts) => parts.map((part) => `/${part}`).join(''));
  const operation = fc.record(
    {
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'none'),
      path: fc.oneof(path, json),
      from: fc.oneof(path, json),
      value: json,
    },
    { requiredKeys: ['op'] },
  );
  fc.assert(
    fc.property(
      object,
      fc.oneof(fc.array(fc.oneof(operation, json), { maxLength: 5 }), json),
      (target, patch) => {
        const before = JSON.stringify(target);
        survives(() => apply(target, patch));
        assert.equal(JSON.stringify(target), before);
      },
    ),
    { numRuns: 500 },
  );
});

const stored = fc
  .tuple(fc.constantFrom(['v1', 'Pod'], ['v1', 'Service'], ['x/v1', 'Other']), object, json)
  .map(([[apiVersion = '', kind = ''], fields, managedFields]): StoredObject => {
    const metadata = { name: 'x', ...(Array.isArray(managedFields) && { managedFields }) };
    return { ...fields, apiVersion, kind, metadata };
  });

const writerOf = (object: StoredObject): Writer => ({
  id: { manager: 'm', operation: 'Apply', apiVersion: 'v1', subresource: '' },
  time: '2026-01-01T00:00:00Z',
  writes: 'object',
  shape: objectShape(resourceOf(object) ?? { ...resources.pods, group: 'example.com' }),
});

test('applying anything to anything ends in an answer or a refusal', () => {
  fc.assert(
    fc.property(stored, stored, fc.boolean(), (live, config, force) => {
      const same = { ...config, apiVersion: live.apiVersion, kind: live.kind };
      const before = JSON.stringify(live);
      const writer = writerOf(live);
      survives(() => {
        requireApplicable(same, writer.shape);
        applyConfiguration(live, { config: same, writer, force });
      });
      survives(() => updateManagers(live, same, writer));
      assert.equal(JSON.stringify(live), before);
    }),
    { numRuns: 500 },
  );
});

test('what managedFields say is read as it was written, and nonsense is refused', () => {
  const fields = fc.letrec<{ tree: JsonObject }>((tie) => ({
    tree: fc.dictionary(
      fc.oneof(
        fc.constantFrom('.', 'k:{"name":"a"}', 'v:"x"', 'k:broken', 'i:0'),
        fc.string({ maxLength: 2 }).map((it) => `f:${it}`),
      ),
      fc.oneof({ maxDepth: 3 }, fc.constant({}), tie('tree')),
      { maxKeys: 3 },
    ),
  })).tree;
  fc.assert(
    fc.property(fields, (fieldsV1) => {
      const entry = { manager: 'm', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 };
      const managers = decodeManagers([entry]);
      if (managers === undefined) return;
      const written = encodeManagers(managers);
      assert.deepEqual(encodeManagers(decodeManagers(written) ?? new Map()), written);
    }),
  );
});
