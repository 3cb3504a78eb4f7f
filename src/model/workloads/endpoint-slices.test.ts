import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Pod, Service } from '../../api/types/core.ts';
import type { Endpoint, EndpointSlice } from '../../api/types/network.ts';
import { endpointSlicesOf } from './endpoint-slices.ts';
import { endpointsOf } from './endpoints-mirror.ts';
import { makePod, makeService } from './testing.ts';

const only = <T>(items: readonly T[]): T => {
  assert.equal(items.length, 1);
  return items[0] as T;
};

function onlyEndpoint(service: Service, pod: Pod): Endpoint {
  return only(only(endpointSlicesOf(service, [pod])).endpoints);
}

describe('the EndpointSlices of a Service', () => {
  it('name a ready pod with its address, node and port', () => {
    const slice = only(endpointSlicesOf(makeService('web'), [makePod('a', { ip: '10.0.0.1' })]));
    assert.match(slice.metadata.name, /^web-[a-z0-9]{5}$/);
    assert.deepEqual(slice.metadata.labels, {
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
    assert.equal(slice.addressType, 'IPv4');
    assert.deepEqual(slice.ports, [{ name: '', port: 8080, protocol: 'TCP' }]);
    assert.deepEqual(slice.endpoints, [
      {
        addresses: ['10.0.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'node-1',
        targetRef: { kind: 'Pod', name: 'a', namespace: 'shop', uid: 'uid-a' },
      },
    ]);
  });

  it('leave out pods without an address, ended pods, and pods that the selector does not find', () => {
    const ended = makePod('c', { ip: '10.0.0.3' });
    const pods = [
      makePod('a'),
      makePod('b', { ip: '10.0.0.2', labels: { app: 'db' } }),
      { ...ended, status: { ...ended.status, phase: 'Succeeded' as const } },
    ];
    assert.deepEqual(endpointSlicesOf(makeService('web'), pods), []);
  });

  for (const spec of [{ selector: {} }, { type: 'ExternalName' as const }]) {
    it(`are none for ${JSON.stringify(spec)}`, () => {
      assert.deepEqual(endpointSlicesOf(makeService('web', spec), [makePod('a', { ip: '10.0.0.1' })]), []);
    });
  }

  for (const [what, pod, publish, expected] of [
    [
      'a pod that is not ready',
      { ready: false },
      false,
      { ready: false, serving: false, terminating: false },
    ],
    [
      'a ready pod being deleted',
      { deleted: true },
      false,
      { ready: false, serving: true, terminating: true },
    ],
    [
      'one not ready, published all the same',
      { ready: false },
      true,
      { ready: true, serving: false, terminating: false },
    ],
  ] as const) {
    it(`give the conditions of ${what}`, () => {
      const service = makeService('web', { publishNotReadyAddresses: publish });
      assert.deepEqual(onlyEndpoint(service, makePod('a', { ip: '10.0.0.1', ...pod })).conditions, expected);
    });
  }

  it('separate pods that resolve a named port differently, and one that does not have it serves none', () => {
    const nameless = makePod('c', { ip: '10.0.0.3' });
    nameless.spec.containers = [{ name: 'main' }];
    const slices = endpointSlicesOf(makeService('web'), [
      makePod('a', { ip: '10.0.0.1', port: 8080 }),
      makePod('b', { ip: '10.0.0.2', port: 9090 }),
      nameless,
    ]);
    const ports = slices.map((slice) => [slice.ports?.[0]?.port, only(slice.endpoints).addresses[0]]);
    assert.deepEqual(
      new Set(ports.map((entry) => entry.join(' '))),
      new Set(['8080 10.0.0.1', '9090 10.0.0.2', ' 10.0.0.3']),
    );
  });

  it('name a host only for the Service that is the pod’s subdomain', () => {
    const pod = makePod('db-0', { ip: '10.0.0.1' });
    pod.spec.hostname = 'db-0';
    pod.spec.subdomain = 'db';
    assert.equal(onlyEndpoint(makeService('db', { clusterIP: 'None' }), pod).hostname, 'db-0');
    assert.equal(onlyEndpoint(makeService('web'), pod).hostname, undefined);
  });

  it('use the node’s address for a pod on the host network', () => {
    const pod = makePod('a');
    pod.spec.hostNetwork = true;
    pod.status = { ...pod.status, hostIP: '172.20.1.1' };
    assert.deepEqual(onlyEndpoint(makeService('web'), pod).addresses, ['172.20.1.1']);
  });

  it('have one slice per family of a dual-stack Service', () => {
    const pod = makePod('a');
    pod.status = { ...pod.status, podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] };
    const slices = endpointSlicesOf(makeService('web', { ipFamilies: ['IPv4', 'IPv6'] }), [pod]);
    assert.deepEqual(
      slices.map(({ addressType, endpoints }) => [addressType, only(endpoints).addresses[0]]),
      [
        ['IPv4', '10.0.0.1'],
        ['IPv6', 'fd00::1'],
      ],
    );
  });

  it('hold at most 100 endpoints each', () => {
    const pods = Array.from({ length: 250 }, (_, i) =>
      makePod(`p-${i}`, { ip: `10.0.${i >> 7}.${i & 127}` }),
    );
    const slices = endpointSlicesOf(makeService('web'), pods);
    assert.deepEqual(
      slices.map(({ endpoints }) => endpoints.length),
      [100, 100, 50],
    );
    assert.equal(new Set(slices.map(({ metadata }) => metadata.name)).size, 3);
  });

  it('change only where a pod changed: other slices come back as the same objects', () => {
    const pods = Array.from({ length: 250 }, (_, i) =>
      makePod(`p-${i}`, { ip: `10.0.${i >> 7}.${i & 127}` }),
    );
    const before = endpointSlicesOf(makeService('web'), pods);
    const after = endpointSlicesOf(makeService('web'), pods.slice(1), { existing: before });
    assert.equal(after.filter((slice) => before.includes(slice)).length, 2);
    assert.deepEqual(endpointSlicesOf(makeService('web'), pods.slice(1), { existing: after }), after);
  });

  it('say the same kept change by change as made from scratch', () => {
    const change = fc.record({
      pod: fc.integer({ min: 0, max: 150 }),
      state: fc.constantFrom('ready', 'unready', 'gone', 'other-port', 'deleted'),
    });
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 60 }), { maxLength: 8 }), (rounds) => {
        const service = makeService('web');
        const pods = new Map<number, Pod>();
        let kept: EndpointSlice[] = [];
        for (const round of rounds) {
          for (const { pod, state } of round) applyChange(pods, pod, state);
          kept = endpointSlicesOf(service, pods.values(), { existing: kept });
          assert.deepEqual(contentOf(kept), contentOf(endpointSlicesOf(service, pods.values())));
          assert.ok(kept.every(({ endpoints }) => endpoints.length > 0 && endpoints.length <= 100));
          assert.equal(new Set(kept.map(({ metadata }) => metadata.name)).size, kept.length);
        }
      }),
      { numRuns: 60 },
    );
  });
});

function applyChange(pods: Map<number, Pod>, index: number, state: string): void {
  if (state === 'gone') pods.delete(index);
  else {
    const port = state === 'other-port' ? 9090 : 8080;
    pods.set(
      index,
      makePod(`p-${index}`, {
        ip: `10.0.1.${index}`,
        ready: state !== 'unready',
        port,
        deleted: state === 'deleted',
      }),
    );
  }
}

/** What slices say, wherever they say it. */
function contentOf(slices: readonly EndpointSlice[]): string[] {
  return slices
    .flatMap(({ ports, endpoints }) => endpoints.map((endpoint) => JSON.stringify([ports, endpoint])))
    .toSorted();
}

describe('the Endpoints of a Service', () => {
  it('say what its slices say: ready and not ready apart, without those being deleted', () => {
    const service = makeService('web');
    const slices = endpointSlicesOf(service, [
      makePod('a', { ip: '10.0.0.2' }),
      makePod('b', { ip: '10.0.0.1' }),
      makePod('c', { ip: '10.0.0.3', ready: false }),
      makePod('d', { ip: '10.0.0.4', deleted: true }),
    ]);
    const { subsets } = endpointsOf(service, slices);
    const subset = only(subsets ?? []);
    assert.deepEqual(subset.ports, [{ port: 8080, protocol: 'TCP' }]);
    assert.deepEqual(
      subset.addresses?.map(({ ip }) => ip),
      ['10.0.0.1', '10.0.0.2'],
    );
    assert.deepEqual(
      subset.notReadyAddresses?.map(({ ip }) => ip),
      ['10.0.0.3'],
    );
  });
});
