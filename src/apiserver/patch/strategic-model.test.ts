import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import type { Json, JsonObject } from '../json.ts';
import { strategicMergePatch } from './strategic.ts';

/**
 * The naive model: labels are a map, finalizers a set, containers a map by name, and of each its image and args are
 * values and its env a map by name. A patch is a list of steps on them; order is no part of the model.
 */
interface Container {
  readonly image?: string;
  readonly args?: string;
  readonly env: ReadonlyMap<string, string>;
}

interface Model {
  readonly labels: ReadonlyMap<string, string>;
  readonly finalizers: ReadonlySet<string>;
  readonly containers: ReadonlyMap<string, Container>;
}

const word = fc.constantFrom('a', 'b', 'c', 'd');
const value = fc.constantFrom('1', '2', '3');
const words = fc.uniqueArray(word, { maxLength: 3 });
const args = fc.array(value, { minLength: 1, maxLength: 2 });

interface ContainerPatch {
  readonly name: string;
  readonly gone: boolean;
  /** null removes it. */
  readonly image?: string | null;
  readonly args?: string[] | null;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  /** Fields of the target that alone stay, beside those patched. */
  readonly retain?: readonly string[];
}

interface Patch {
  readonly labels: Readonly<Record<string, string | null>>;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly containers: readonly ContainerPatch[];
  readonly replaces: boolean;
}

const variable = fc.record({ name: word, value }, { requiredKeys: ['name'] });
const containerPatch: fc.Arbitrary<ContainerPatch> = fc.record(
  {
    name: word,
    gone: fc.constantFrom(false, false, true),
    image: fc.option(value),
    args: fc.option(args),
    env: fc.uniqueArray(variable, { maxLength: 3, selector: ({ name }) => name }),
    retain: fc.subarray(['image', 'args', 'env']),
  },
  { requiredKeys: ['name', 'gone'] },
);

const patches: fc.Arbitrary<Patch> = fc.record({
  labels: fc.dictionary(word, fc.option(value), { maxKeys: 3 }),
  added: words,
  removed: words,
  containers: fc.uniqueArray(containerPatch, { maxLength: 3, selector: ({ name }) => name }),
  replaces: fc.constantFrom(false, false, false, true),
});

function stepModel(model: Model, patch: Patch): Model {
  const labels = new Map(model.labels);
  for (const [key, to] of Object.entries(patch.labels)) {
    if (to === null) labels.delete(key);
    else labels.set(key, to);
  }
  const kept = model.finalizers.difference(new Set(patch.removed));
  const containers = new Map(patch.replaces ? [] : model.containers);
  for (const one of patch.containers) {
    if (one.gone) containers.delete(one.name);
    else containers.set(one.name, stepContainer(containers.get(one.name) ?? { env: new Map() }, one));
  }
  return { labels, finalizers: kept.union(new Set(patch.added)), containers };
}

function stepContainer(before: Container, patch: ContainerPatch): Container {
  const stays = (field: string): boolean => patch.retain?.includes(field) ?? true;
  const env = new Map(stays('env') ? before.env : []);
  for (const { name, value: to } of patch.env ?? []) {
    if (to === undefined) env.delete(name);
    else env.set(name, to);
  }
  const pick = (field: 'image' | 'args', to: string | null | undefined): object => {
    const result = to === undefined && stays(field) ? before[field] : to;
    return result === null || result === undefined ? {} : { [field]: result };
  };
  const patched = patch.args === undefined || patch.args === null ? patch.args : patch.args.join(' ');
  return { ...pick('image', patch.image), ...pick('args', patched), env };
}

/** As a client writes the patch. */
function written({ labels, added, removed, containers, replaces }: Patch): JsonObject {
  const items: Json[] = containers.map((one) => {
    if (one.gone) return { name: one.name, $patch: 'delete' };
    const env = one.env?.map(({ name, value: to }) =>
      to === undefined ? { name, $patch: 'delete' } : { name, value: to },
    );
    const fields: JsonObject = {
      ...(one.image !== undefined && { image: one.image }),
      ...(one.args !== undefined && { args: one.args }),
      ...(env !== undefined && { env }),
    };
    const retain = one.retain === undefined ? {} : { $retainKeys: retainedKeys(one.retain, fields) };
    return { name: one.name, ...fields, ...retain };
  });
  return {
    metadata: {
      labels: { ...labels },
      finalizers: [...added],
      '$deleteFromPrimitiveList/finalizers': [...removed],
    },
    spec: { containers: replaces ? [...items, { $patch: 'replace' }] : items },
  };
}

const retainedKeys = (retain: readonly string[], fields: JsonObject): string[] => [
  ...new Set(['name', ...retain, ...Object.keys(fields)]),
];

/** What stays is what is retained or patched: the model is told the same. */
const widened = (patch: Patch): Patch => ({
  ...patch,
  containers: patch.containers.map((one) =>
    one.retain === undefined
      ? one
      : {
          ...one,
          retain: [
            ...one.retain,
            ...(['image', 'args', 'env'] as const).filter((it) => one[it] !== undefined),
          ],
        },
  ),
});

function modelOf(object: JsonObject): Model {
  const { metadata, spec } = object as {
    metadata?: { labels?: Record<string, string>; finalizers?: string[] };
    spec?: {
      containers?: {
        name: string;
        image?: string;
        args?: string[];
        env?: { name: string; value: string }[];
      }[];
    };
  };
  return {
    labels: new Map(Object.entries(metadata?.labels ?? {})),
    finalizers: new Set(metadata?.finalizers),
    containers: new Map(
      (spec?.containers ?? []).map(({ name, image, args: list, env = [] }) => [
        name,
        {
          ...(image !== undefined && { image }),
          ...(list !== undefined && { args: list.join(' ') }),
          env: new Map(env.map((one) => [one.name, one.value])),
        },
      ]),
    ),
  };
}

const seed = Number(process.env['WEFT_PATCH_SEED'] ?? 20_261_121);

test('strategic merges in any order do what maps and sets say', (t) => {
  t.diagnostic(`seed ${seed}`);
  fc.assert(
    fc.property(fc.array(patches, { minLength: 1, maxLength: 6 }), (steps) => {
      let model: Model = { labels: new Map(), finalizers: new Set(), containers: new Map() };
      let object: JsonObject = {};
      for (const step of steps) {
        model = stepModel(model, widened(step));
        object = strategicMergePatch(object, written(step), 'Pod');
        assert.deepEqual(modelOf(object), model);
        const { containers } = modelOf(object);
        const spec = object['spec'] as { containers?: unknown[] } | undefined;
        assert.equal(spec?.containers?.length ?? 0, containers.size, 'nothing is there twice');
      }
    }),
    { numRuns: 500, seed },
  );
});

test('a patch of a field that $retainKeys does not list is refused', () => {
  const patch = { spec: { containers: [{ name: 'a', image: '1', $retainKeys: ['name'] }] } };
  assert.throws(() => strategicMergePatch({}, patch, 'Pod'), { message: /image is patched/ });
});
