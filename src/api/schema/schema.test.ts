import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { generateSchema } from '../../../tools/generate-schema.ts';
import { apiVersionOf, resources } from '../resources.ts';
import { acceptedKinds } from './accepted.ts';
import { objectType, typeNameOf, type FieldType } from './schema.ts';

const file = new URL('./kubernetes.json', import.meta.url);

test('the generated schema is what the generator writes today', () => {
  assert.ok(readFileSync(file, 'utf8') === generateSchema(), 'run node tools/generate-schema.ts');
});

test('the schema stays small enough to be read on every command', () => {
  assert.ok(readFileSync(file).length < 250_000);
});

test('every kind has a type and every reference leads to fields', () => {
  const served = Object.values(resources).map((one) => ({ apiVersion: apiVersionOf(one), kind: one.kind }));
  const seen = new Set<string>();
  const visit = (type: FieldType): void => {
    if (type.kind === 'array' || type.kind === 'map') visit(type.item);
    if (type.kind === 'enum') assert.ok(type.values.length > 1, type.values.join());
    if (type.kind !== 'object' || seen.has(type.name)) return;
    seen.add(type.name);
    assert.ok(objectType(type.name).size > 0, type.name);
    for (const field of objectType(type.name).values()) visit(field.type);
  };
  for (const { apiVersion, kind } of [...served, ...acceptedKinds]) {
    const name = typeNameOf(apiVersion, kind);
    assert.ok(name !== undefined, `${apiVersion} ${kind}`);
    visit({ kind: 'object', name });
  }
});

test('fields carry their types as upstream declares them', () => {
  const port = objectType('ServicePort');
  assert.deepEqual(port.get('port'), { type: { kind: 'integer' }, required: true });
  assert.deepEqual(port.get('protocol'), {
    type: { kind: 'enum', values: ['SCTP', 'TCP', 'UDP'] },
    required: false,
  });
  assert.deepEqual(port.get('targetPort'), { type: { kind: 'int-or-string' }, required: false });
  assert.deepEqual(objectType('PodSpec').get('containers'), {
    type: { kind: 'array', item: { kind: 'object', name: 'Container' } },
    required: true,
  });
  assert.deepEqual(objectType('ResourceRequirements').get('limits')?.type, {
    kind: 'map',
    item: { kind: 'quantity' },
  });
  assert.equal(typeNameOf('v1', 'Widget'), undefined);
  assert.equal(typeNameOf('constructor', ''), undefined);
});
