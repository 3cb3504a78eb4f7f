import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../../api/resources.ts';
import type { CoreEvent } from '../../api/types/core.ts';
import type { ProcessStatus } from '../../lab/process-status.ts';
import { createFakeLab } from '../testing/fake-lab.ts';
import { shopCluster } from '../testing/shop-cluster.ts';
import { run } from '../testing/terminal.ts';
import { renderStatus } from '../status/render.ts';
import type { StatusReport } from '../status/report.ts';

const cluster = await shopCluster();

function eventAbout(name: string, message: string, minute: number): CoreEvent {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${minute}`, namespace: 'shop' },
    involvedObject: { kind: 'Pod', namespace: 'shop', name },
    reason: 'FailedScheduling',
    message,
    type: 'Warning',
    count: 3,
    lastTimestamp: `2026-01-01T00:0${minute}:00Z`,
  };
}

async function statusOf(
  options: Parameters<typeof createFakeLab>[1] = {},
): Promise<{ code: number; report: StatusReport }> {
  const lab = createFakeLab(cluster, options);
  for (const [message, minute] of [
    ['no node', 1],
    ['no room', 2],
  ] as const) {
    await lab.client.create(resources.events, eventAbout('late', message, minute));
  }
  await lab.client.create(resources.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'late', namespace: 'shop' },
    spec: { containers: [{ name: 'c' }] },
  });
  const { code, out } = await run(['status', '-o', 'json'], lab.connection);
  return { code, report: JSON.parse(out) as StatusReport };
}

test('what is not ready is named with its reason and the last Event about it, and ends with 1', async () => {
  const { code, report } = await statusOf();
  assert.equal(code, 1);
  const late = report.unready.find(({ key }) => key === 'shop/late');
  assert.equal(late?.kind, 'Pod');
  assert.deepEqual(late.event, {
    reason: 'FailedScheduling',
    message: 'no room',
    count: 3,
    lastTimestamp: '2026-01-01T00:02:00Z',
  });
  assert.match(
    renderStatus(report, Date.parse('2026-01-01T00:02:30Z')),
    /shop\/late +Pod +.*FailedScheduling: no room \(3 times, last 30s ago\)/,
  );
});

test('Services tell how many of their pods are ready, and which serve nobody', async () => {
  const { report } = await statusOf();
  const api = report.cluster?.services.find(({ key }) => key === 'shop/api');
  assert.match(api?.endpoints ?? '', /^\d\/1$/);
  assert.equal(report.cluster?.services.find(({ key }) => key === 'shop/named')?.endpoints, undefined);
});

test('a NetworkPolicy is programmed when every node has been told of it', async () => {
  const [told, untold] = [await statusOf(), await statusOf({ programming: { versions: {} } })];
  assert.deepEqual(told.report.cluster?.networkPolicies, [{ key: 'shop/api', isProgrammed: true }]);
  assert.deepEqual(untold.report.cluster?.networkPolicies, [{ key: 'shop/api', isProgrammed: false }]);
  assert.ok(untold.report.unready.some(({ kind, key }) => kind === 'NetworkPolicy' && key === 'shop/api'));
});

test('a node whose kernel refuses what it is told is named with what the kernel said', async () => {
  const failing = [{ node: 'node-2', why: 'nft refused: no memory' }];
  const { report } = await statusOf({ programming: { failing } });
  assert.deepEqual(report.unready[0], {
    kind: 'Node',
    key: 'node-2',
    why: 'cannot be programmed: nft refused: no memory',
  });
});

test('a lab whose API server is gone tells of its processes', () => {
  const processes: ProcessStatus[] = [
    { role: 'holder', pid: 7, uptimeSeconds: 200, residentBytes: 95 << 20, restarts: 2 },
    { role: 'control', restarts: 4 },
  ];
  const unready = [{ kind: 'Process', key: 'control', why: 'is not running' }];
  assert.equal(
    renderStatus({ name: 'lab', processes, unready }, 0),
    `PROCESS  PID  UPTIME  RESTARTS  MEMORY
holder   7    3m      2         95Mi
control  -    -       4         -

NOT READY  KIND     WHY             LAST EVENT
control    Process  is not running  -
`,
  );
});

test('a lab that is not there ends with 2', async () => {
  const { code, err } = await run(['status', '--name', 'other']);
  assert.equal(code, 2);
  assert.match(err, /there is no lab "other"/);
});
