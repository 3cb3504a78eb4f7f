import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { StatusError } from '../status.ts';
import { decodeObject } from './decode.ts';

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
const bytes = (number: number, content: readonly number[]): number[] => [
  ...varint(number * 8 + 2),
  ...varint(content.length),
  ...content,
];
const text = (number: number, value: string): number[] => bytes(number, [...Buffer.from(value)]);
const number = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];

/** `k8s\0` and runtime.Unknown: the type, then the object. */
const envelope = (apiVersion: string, kind: string, object: readonly number[]): Uint8Array =>
  Uint8Array.from([
    ...Buffer.from('k8s\0'),
    ...bytes(1, [...text(1, apiVersion), ...text(2, kind)]),
    ...bytes(2, object),
  ]);

test('a Service is decoded with its maps, lists, and int-or-string', () => {
  const metadata = [...text(1, 'web'), ...bytes(11, [...text(1, 'app'), ...text(2, 'x')]), ...bytes(8, [])];
  const port = [
    ...text(1, ''),
    ...text(2, 'TCP'),
    ...number(3, 80),
    ...bytes(4, [...number(1, 1), ...text(3, 'http')]),
    ...number(5, 0),
  ];
  const spec = [...bytes(1, port), ...bytes(2, [...text(1, 'app'), ...text(2, 'x')])];
  assert.deepEqual(
    decodeObject(envelope('v1', 'Service', [...bytes(1, metadata), ...bytes(2, spec), ...bytes(3, [])])),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', labels: { app: 'x' } },
      spec: { ports: [{ protocol: 'TCP', port: 80, targetPort: 'http' }], selector: { app: 'x' } },
    },
  );
});

test('a zero that was meant is kept: a Deployment of no replicas', () => {
  const spec = number(1, 0);
  assert.deepEqual(decodeObject(envelope('apps/v1', 'Deployment', bytes(2, spec))), {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: { replicas: 0 },
  });
});

const refused = (body: Uint8Array): void => {
  assert.throws(
    () => decodeObject(body),
    (thrown) => thrown instanceof StatusError && thrown.status === 400,
  );
};

test('what is not protobuf, or of an unknown kind, is a bad request', () => {
  refused(Buffer.from('{}'));
  refused(envelope('v1', 'Widget', []));
  refused(envelope('weft.dev/v1alpha1', 'ClusterNetwork', []));
  refused(envelope('v1', 'Service', [0x0a, 0xff, 0x01]));
  refused(envelope('v1', 'Service', [0x0b]));
});

test('arbitrary bytes are decoded or refused, never anything else', () => {
  const bodies = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(
      bodies,
      fc.constantFrom('v1 Pod', 'v1 Secret', 'apps/v1 Deployment', 'v1 Event'),
      (body, kind) => {
        const [apiVersion = '', name = ''] = kind.split(' ');
        try {
          decodeObject(envelope(apiVersion, name, [...body]));
        } catch (thrown) {
          assert.ok(thrown instanceof StatusError, String(thrown));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
