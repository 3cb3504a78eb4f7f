import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Service } from '../../api/types/core.ts';
import type { EndpointSlice } from '../../api/types/network.ts';
import { createServiceModel, type ServiceModel } from './service-model.ts';
import { servicePortsOf } from './service-ports.ts';

function service(key: string, port: number): Service {
  const [namespace = '', name = ''] = key.split('/');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: { clusterIP: '10.96.0.1', ports: [{ port }] },
  };
}

function slice(key: string, of: string | undefined, addresses: readonly string[]): EndpointSlice {
  const [namespace = '', name = ''] = key.split('/');
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace,
      name,
      ...(of === undefined ? {} : { labels: { 'kubernetes.io/service-name': of } }),
    },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: [{ port: 8080 }],
  };
}

type Change =
  | { readonly kind: 'service'; readonly key: string; readonly object: Service | undefined }
  | { readonly kind: 'slice'; readonly key: string; readonly object: EndpointSlice | undefined };

const serviceKeys = ['a/s', 'a/t', 'b/s'];
const serviceChange: fc.Arbitrary<Change> = fc
  .tuple(fc.constantFrom(...serviceKeys), fc.constantFrom(80, 81, undefined))
  .map(([key, port]) => ({
    kind: 'service',
    key,
    object: port === undefined ? undefined : service(key, port),
  }));
const sliceChange: fc.Arbitrary<Change> = fc
  .tuple(
    fc.constantFrom('a/1', 'a/2', 'b/1'),
    fc.constantFrom('s', 't', undefined),
    fc.option(fc.subarray(['10.0.0.1', '10.0.0.2']), { nil: undefined }),
  )
  .map(([key, of, addresses]) => ({
    kind: 'slice',
    key,
    object: addresses === undefined ? undefined : slice(key, of, addresses),
  }));
const histories = fc.array(fc.oneof(serviceChange, sliceChange), { maxLength: 30, size: 'max' });

function apply(model: ServiceModel, change: Change): void {
  if (change.kind === 'service') model.setService(change.key, change.object);
  else model.setEndpointSlice(change.key, change.object);
}

test('a model changed step by step has what the objects that are left say', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const model = createServiceModel();
      const services = new Map<string, Service>();
      const slices = new Map<string, EndpointSlice>();
      for (const change of history) {
        apply(model, change);
        if (change.object === undefined) (change.kind === 'service' ? services : slices).delete(change.key);
        else if (change.kind === 'service') services.set(change.key, change.object);
        else slices.set(change.key, change.object);
        for (const key of serviceKeys) model.portsOf(key);
      }
      for (const key of serviceKeys) {
        const [namespace, name] = key.split('/');
        const own = [...slices.values()].filter(
          ({ metadata }) =>
            metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === name,
        );
        const object = services.get(key);
        assert.deepEqual(model.portsOf(key), object === undefined ? [] : servicePortsOf(object, own));
      }
    }),
  );
});

test('Services whose ports changed are told exactly, and all others keep their object', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const model = createServiceModel();
      let before = new Map(serviceKeys.map((key) => [key, model.portsOf(key)]));
      for (const change of history) {
        apply(model, change);
        const told = model.takeChanges();
        const after = new Map(serviceKeys.map((key) => [key, model.portsOf(key)]));
        const differing = serviceKeys.filter(
          (key) => JSON.stringify(before.get(key)) !== JSON.stringify(after.get(key)),
        );
        assert.deepEqual([...told].sort(), differing);
        assert.deepEqual(
          serviceKeys.filter((key) => before.get(key) !== after.get(key)),
          differing,
        );
        before = after;
      }
      assert.deepEqual(model.takeChanges(), new Set());
    }),
  );
});
