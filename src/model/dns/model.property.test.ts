import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { ServicePort } from '../../api/types/core.ts';
import { createDnsModel, type DnsModel } from './model.ts';
import { service, slice, zoneOptions } from './fixtures.ts';

/** A few names and addresses, so that events meet each other. */
const namespaceName = fc.constantFrom('a', 'b');
const serviceName = fc.constantFrom('s', 't');
const address = fc.constantFrom('10.244.0.1', '10.244.0.2', '10.244.0.3');
const event = fc.oneof(
  fc.record({
    kind: fc.constant('service' as const),
    namespace: namespaceName,
    name: serviceName,
    spec: fc.option(
      fc.oneof(
        fc.record({
          clusterIP: fc.constantFrom('10.96.0.1', '10.96.0.2', 'None'),
          ports: fc.constant<ServicePort[]>([{ name: 'p', port: 80 }]),
        }),
        fc.record({
          type: fc.constant('ExternalName' as const),
          externalName: fc.constantFrom('s.a.svc.cluster.local', 'x.y'),
        }),
      ),
      { nil: undefined },
    ),
  }),
  fc.record({
    kind: fc.constant('slice' as const),
    namespace: namespaceName,
    name: fc.constantFrom('x', 'y', 'z'),
    service: serviceName,
    endpoints: fc.option(
      fc.array(
        fc.record(
          {
            addresses: fc.tuple(address),
            conditions: fc.record({ ready: fc.boolean() }),
            hostname: fc.constantFrom('h', 'i'),
          },
          { requiredKeys: ['addresses'] },
        ),
        { maxLength: 3 },
      ),
      { nil: undefined },
    ),
  }),
  fc.record({
    kind: fc.constant('pod' as const),
    namespace: namespaceName,
    name: serviceName,
    ip: fc.option(address, { nil: undefined }),
  }),
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

function apply(model: DnsModel, happened: Event): void {
  const key = `${happened.namespace}/${happened.name}`;
  if (happened.kind === 'service') {
    model.setService(key, happened.spec && service(key, happened.spec));
  } else if (happened.kind === 'slice') {
    const { endpoints, namespace, service: owner } = happened;
    model.setEndpointSlice(
      key,
      endpoints && slice(`${namespace}/${owner}`, { endpoints, ports: [{ name: 'p', port: 81 }] }),
    );
  } else {
    const { ip: podIP, namespace, name } = happened;
    const status = podIP === undefined ? {} : { podIP };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name },
      spec: { containers: [] },
      status,
    };
    model.setPod(key, podIP === undefined ? undefined : pod);
  }
}

/** Every answer there is about the few names, less the serial, which counts how we came here. */
function everything(model: DnsModel): unknown[] {
  const bases = ['a', 'b'].flatMap((ns) => ['s', 't'].flatMap((name) => `${name}.${ns}.svc.cluster.local`));
  const heads = ['', 'h.', 'i.', '10-244-0-1.', '10-244-0-2.', '_tcp.', '_p._tcp.'];
  const names = [
    ...bases.flatMap((base) => heads.map((head) => head + base)),
    ...['a', 'b'].flatMap((ns) => [
      `${ns}.svc.cluster.local`,
      `10-244-0-1.${ns}.pod.cluster.local`,
      `${ns}.pod.cluster.local`,
    ]),
    ...['1.0.244.10', '2.0.244.10', '3.0.244.10', '1.0.96.10', '2.0.96.10'].map(
      (head) => `${head}.in-addr.arpa`,
    ),
    'svc.cluster.local',
    'pod.cluster.local',
  ];
  const types = ['A', 'SRV', 'PTR', 'CNAME'] as const;
  return names.flatMap((name) =>
    types.map((type) => ({ name, type, ...model.answer({ name, type }), authority: [] })),
  );
}

test('a zone kept current change by change equals one built from what is left', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), fc.nat(30), (events, look) => {
      const incremental = createDnsModel(zoneOptions);
      const last = new Map<string, Event>();
      for (const [index, happened] of events.entries()) {
        apply(incremental, happened);
        if (index === look) everything(incremental);
        last.set(`${happened.kind} ${happened.namespace}/${happened.name}`, happened);
      }
      const scratch = createDnsModel(zoneOptions);
      for (const happened of [...last.values()].toReversed()) apply(scratch, happened);
      assert.deepEqual(everything(incremental), everything(scratch));
    }),
  );
});
