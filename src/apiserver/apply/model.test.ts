import assert from 'node:assert/strict';
import test from 'node:test';
import { resources } from '../../api/resources.ts';
import * as fc from 'fast-check';
import { isObject, type StoredObject } from '../json.ts';
import { applyConfiguration } from './apply.ts';
import { objectShape } from './scope.ts';
import { updateManagers, type Writer } from './track.ts';

/**
 * The naive model: an object is a map from leaf paths to values, a manager a set of leaf paths. Pods are used
 * with labels (a map), finalizers (a set), containers (a list by name) of an image, and atomic args.
 */
interface Model {
  readonly leaves: Map<string, string>;
  readonly owned: Map<string, Set<string>>;
}

/** What one step writes, as leaves. Containers are there with all their leaves, their names included. */
type Config = ReadonlyMap<string, string>;

const word = fc.constantFrom('a', 'b', 'c');

interface Parts {
  readonly labels: Record<string, string>;
  readonly finalizers: string[];
  readonly containers: { name: string; image?: string; args?: string[] }[];
}

const parts: fc.Arbitrary<Parts> = fc.record({
  labels: fc.dictionary(word, word, { maxKeys: 3 }),
  finalizers: fc.uniqueArray(word, { maxLength: 3 }),
  containers: fc.uniqueArray(
    fc.record(
      { name: word, image: word, args: fc.array(word, { minLength: 1, maxLength: 2 }) },
      { requiredKeys: ['name'] },
    ),
    { maxLength: 3, selector: ({ name }) => name },
  ),
});

interface Step {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly force: boolean;
  readonly parts: Parts;
}

const step: fc.Arbitrary<Step> = fc.record({
  manager: fc.constantFrom('m', 'n', 'o'),
  operation: fc.constantFrom('Apply', 'Apply', 'Update'),
  force: fc.boolean(),
  parts,
});

function leavesOf({ labels, finalizers, containers }: Parts): Config {
  const leaves = new Map<string, string>();
  for (const [key, value] of Object.entries(labels)) leaves.set(`label ${key}`, value);
  for (const finalizer of finalizers) leaves.set(`finalizer ${finalizer}`, '');
  for (const { name, image, args } of containers) {
    leaves.set(`container ${name}`, '');
    if (image !== undefined) leaves.set(`container ${name} image`, image);
    if (args !== undefined) leaves.set(`container ${name} args`, JSON.stringify(args));
  }
  return leaves;
}

function objectOf({ labels, finalizers, containers }: Parts): StoredObject {
  const metadata = {
    name: 'p',
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(finalizers.length > 0 && { finalizers }),
  };
  const spec = containers.length > 0 ? { spec: { containers } } : {};
  return { apiVersion: 'v1', kind: 'Pod', metadata, ...spec };
}

/** One step of the model; false when an apply is refused, and nothing changes then. */
function stepModel({ leaves, owned }: Model, { manager, operation, force, parts: given }: Step): boolean {
  const wanted = leavesOf(given);
  const key = `${operation} ${manager}`;
  const changed = [...wanted].filter(([leaf, value]) => leaves.get(leaf) !== value).map(([leaf]) => leaf);
  const others = [...owned].filter(([other]) => other !== key);
  const conflicts = others.some(([, set]) => changed.some((leaf) => set.has(leaf)));
  if (operation === 'Apply' && conflicts && !force) return false;
  const kept = new Set([...wanted.keys(), ...others.flatMap(([, set]) => [...set])]);
  const dropped = [...(owned.get(key) ?? [])].filter((leaf) => !kept.has(leaf));
  // A container that goes takes all of itself along.
  const goes = (leaf: string): boolean =>
    operation === 'Update' ? !wanted.has(leaf) : dropped.some((it) => leaf === it || isContainerOf(it, leaf));
  const gone = [...leaves.keys()].filter(goes);
  for (const leaf of gone) leaves.delete(leaf);
  for (const [leaf, value] of wanted) leaves.set(leaf, value);
  forget(owned, gone);
  forget(others, changed);
  const before = operation === 'Update' ? (owned.get(key) ?? []) : [];
  const now = operation === 'Update' ? changed : wanted.keys();
  owned.set(key, new Set([...before, ...now]));
  return true;
}

function forget(owned: Iterable<[string, Set<string>]>, leaves: readonly string[]): void {
  for (const [, set] of owned) for (const leaf of leaves) set.delete(leaf);
}

function isContainerOf(container: string, leaf: string): boolean {
  return (
    container.split(' ').length === 2 && container.startsWith('container') && leaf.startsWith(`${container} `)
  );
}

function stepReal(
  live: StoredObject,
  { manager, operation, force, parts: given }: Step,
): StoredObject | undefined {
  const writer: Writer = {
    id: { manager, operation, apiVersion: 'v1', subresource: '' },
    time: '2026-01-01T00:00:00Z',
    writes: 'object',
    shape: objectShape(resources.pods),
  };
  const config = objectOf(given);
  if (operation === 'Update') {
    const managedFields = updateManagers(live, config, writer);
    return { ...config, metadata: { ...config.metadata, ...(managedFields && { managedFields }) } };
  }
  const applied = applyConfiguration(live, { config, writer, force });
  if (applied.kind === 'conflicts') return undefined;
  const object = structuredClone(applied.object) as unknown as StoredObject;
  return { ...object, metadata: { ...object.metadata, managedFields: [...applied.managedFields] } };
}

function partsOfObject(object: StoredObject): Parts {
  const { labels = {}, finalizers = [] } = object.metadata;
  const spec = object['spec'] as { containers?: Parts['containers'] } | undefined;
  return { labels, finalizers, containers: spec?.containers ?? [] };
}

/** Leaves that `managedFields` name, as the model writes them; names of containers go without saying. */
function ownedBy(object: StoredObject): Map<string, Set<string>> {
  const entries = (object.metadata.managedFields ?? []) as {
    manager: string;
    operation: string;
    fieldsV1: object;
  }[];
  return new Map(
    entries.map(({ manager, operation, fieldsV1 }) => [
      `${operation} ${manager}`,
      new Set(leafNames(fieldsV1)),
    ]),
  );
}

function* leafNames(fields: unknown): Generator<string> {
  const at = (value: unknown, ...path: string[]): Record<string, unknown> => {
    let found = value;
    for (const element of path) found = isObject(found) ? found[element] : undefined;
    return isObject(found) ? found : {};
  };
  const keys = (value: object): string[] => Object.keys(value).filter((key) => key !== '.');
  for (const key of keys(at(fields, 'f:metadata', 'f:labels'))) yield `label ${key.slice(2)}`;
  for (const key of keys(at(fields, 'f:metadata', 'f:finalizers'))) {
    yield `finalizer ${String(JSON.parse(key.slice(2)))}`;
  }
  const containers = at(fields, 'f:spec', 'f:containers');
  for (const key of keys(containers)) {
    const { name } = JSON.parse(key.slice(2)) as { name: string };
    const inner = at(containers, key);
    if (Object.hasOwn(inner, '.')) yield `container ${name}`;
    for (const field of ['image', 'args'])
      if (Object.hasOwn(inner, `f:${field}`)) yield `container ${name} ${field}`;
  }
}

const sorted = <T>(items: Iterable<T>): T[] =>
  [...items].sort((one, other) => (String(one) < String(other) ? -1 : 1));

const withoutEmpty = (owned: Map<string, Set<string>>): unknown =>
  sorted([...owned].filter(([, set]) => set.size > 0).map(([key, set]) => [key, ...sorted(set)].join(', ')));

test('applies and updates in any order do what sets of leaves say', () => {
  const first: Step = {
    manager: 'm',
    operation: 'Update',
    force: false,
    parts: { labels: { z: 'z' }, finalizers: [], containers: [] },
  };
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      const model: Model = { leaves: new Map(), owned: new Map() };
      let live: StoredObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
      for (const one of [first, ...steps]) {
        const accepted = stepModel(model, one);
        const next = stepReal(live, one);
        assert.equal(next !== undefined, accepted, 'both refuse, or neither');
        live = next ?? live;
        assert.deepEqual(sorted(leavesOf(partsOfObject(live))), sorted(model.leaves));
        assert.deepEqual(withoutEmpty(ownedBy(live)), withoutEmpty(model.owned));
      }
    }),
    { numRuns: 300 },
  );
});

test('applying twice is applying once', () => {
  fc.assert(
    fc.property(step, step, (one, other) => {
      const live: StoredObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
      const base = stepReal(live, { ...one, operation: 'Update' }) ?? live;
      const apply: Step = { ...other, operation: 'Apply', force: true };
      const once = stepReal(base, apply) ?? base;
      assert.deepEqual(stepReal(once, apply), once);
    }),
  );
});
