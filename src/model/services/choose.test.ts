import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose, isSameEverywhere, type Arrival, type Choice } from './choose.ts';
import { servicePort } from './fixtures.ts';
import type { ServiceEndpoint, ServicePortModel } from './port.ts';

const here = { name: 'node-1', zone: 'east' };
const inside: Arrival = { by: 'cluster-ip', isFromInside: true };
const outside: Arrival = { by: 'external', isFromInside: false };

function endpoint(name: string, nodeName: string, hints?: ServiceEndpoint['hints']): ServiceEndpoint {
  return { address: name, port: 80, nodeName, pod: undefined, ...(hints && { hints }) };
}
const [own, far] = [endpoint('own', 'node-1'), endpoint('far', 'node-2')];
const local = { externalPolicy: 'Local', internalPolicy: 'Local' } as const;

function names(choice: Choice): string {
  return choice.kind === 'endpoints'
    ? `${choice.set} ${choice.endpoints.map(({ address }) => address).join()}`
    : choice.kind;
}

const cases: [Partial<ServicePortModel>, Arrival, string, string][] = [
  [
    { endpoints: [own, far] },
    inside,
    'cluster own,far',
    'all endpoints of the cluster unless said otherwise',
  ],
  [{ endpoints: [], ...local }, outside, 'reject', 'nobody anywhere is rejected, whatever the policy'],
  [{ endpoints: [own, far], ...local }, inside, 'local own', 'internalTrafficPolicy Local keeps to the node'],
  [{ endpoints: [far], ...local }, inside, 'drop', 'and drops where it has nobody'],
  [
    { endpoints: [own, far], ...local },
    outside,
    'local own',
    'externalTrafficPolicy Local keeps to the node',
  ],
  [{ endpoints: [far], ...local }, outside, 'drop', 'and drops where it has nobody'],
  [
    { endpoints: [far], ...local },
    { by: 'external', isFromInside: true },
    'cluster far',
    'from inside an external address reaches the whole cluster',
  ],
  [
    { endpoints: [own, far], externalPolicy: 'Local' },
    inside,
    'cluster own,far',
    'the policies are independent',
  ],
  [
    { endpoints: [far], draining: [own], ...local },
    outside,
    'local own',
    'a node without a ready endpoint has its own that serve while terminating',
  ],
  [
    { endpoints: [far], draining: [own] },
    outside,
    'cluster far',
    'the cluster has them only when nobody is ready',
  ],
  [
    {
      endpoints: [
        endpoint('a', 'x', { zones: ['east'], nodes: [] }),
        endpoint('b', 'y', { zones: ['west'], nodes: [] }),
      ],
    },
    inside,
    'cluster a',
    'hints of its zone count when all have some',
  ],
  [
    { endpoints: [endpoint('a', 'x', { zones: ['east'], nodes: [] }), far] },
    inside,
    'cluster a,far',
    'and not when one has none',
  ],
  [
    { endpoints: [endpoint('b', 'y', { zones: ['west'], nodes: [] })] },
    inside,
    'cluster b',
    'nor when none is for here',
  ],
  [
    {
      endpoints: [
        endpoint('a', 'node-1', { zones: ['east'], nodes: ['node-1'] }),
        endpoint('b', 'y', { zones: ['east'], nodes: ['y'] }),
      ],
    },
    inside,
    'cluster a',
    'hints of the node come before those of the zone',
  ],
];

for (const [port, arrival, expected, rule] of cases) {
  test(`endpoints: ${rule} (${expected})`, () => {
    assert.equal(names(choose(servicePort(port), here, arrival)), expected);
  });
}

test('nodes choose alike where neither policy nor hint tells them apart', () => {
  assert.ok(isSameEverywhere(servicePort({ endpoints: [own, far] })));
  assert.ok(
    isSameEverywhere(servicePort({ endpoints: [own], externalPolicy: 'Local' })),
    'nobody comes from outside',
  );
  for (const port of [
    { internalPolicy: 'Local' },
    { externalPolicy: 'Local', nodePort: 30_001 },
    { endpoints: [endpoint('a', 'x', { zones: ['east'], nodes: [] })] },
  ] as const) {
    assert.ok(!isSameEverywhere(servicePort(port)));
  }
});
