import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestApi, type TestApi } from '../apiserver/testing/test-api.ts';
import type { RpcHandler } from '../lib/rpc-port.ts';
import { backupRoutes } from './backup-routes.ts';

interface Lab {
  readonly api: TestApi;
  readonly backup: () => Promise<string>;
  readonly restore: (backup: unknown) => Promise<unknown>;
}

async function labOf(nodes: readonly string[], podCIDR = '10.244.0.0/16'): Promise<Lab> {
  const api = createTestApi();
  const network = {
    metadata: { name: 'default' },
    spec: { model: 'calico', podCIDR, serviceCIDR: '10.96.0.0/12' },
  };
  const answers = await Promise.all([
    api.call('POST', '/apis/weft.dev/v1alpha1/clusternetworks', { body: network }),
    ...nodes.map((name) => api.call('POST', '/api/v1/nodes', { body: { metadata: { name } } })),
  ]);
  for (const { status, body } of answers) assert.equal(status, 201, JSON.stringify(body));
  const routes = backupRoutes({ server: api.server, store: api.store, nodes });
  const call = async (route: string, body: unknown): Promise<unknown> => {
    const handler = routes[route] as RpcHandler;
    const reply = await handler({ parameters: {}, query: new URLSearchParams(), body });
    return 'body' in reply ? reply.body : undefined;
  };
  return {
    api,
    backup: async () => ((await call('POST /backup', undefined)) as { backup: string }).backup,
    restore: (backup) => call('POST /restore', backup),
  };
}

test('a lab takes the backup of another one of the same nodes and network, and of fewer nodes', async () => {
  for (const nodes of [['node-1', 'node-2'], ['node-1']]) {
    const backup = await (await labOf(nodes)).backup();
    const lab = await labOf(['node-1', 'node-2']);
    await lab.restore({ backup });
    assert.deepEqual(
      lab.api.store.list('nodes').map(({ key }) => key),
      nodes,
    );
  }
});

test('a backup of other nodes or another network is refused, and nothing is changed', async () => {
  const rows = [
    [await labOf(['node-1', 'node-3']), /has a node node-3, which this lab has not/],
    [await labOf(['node-1'], '10.0.0.0/16'), /podCIDR is "10.0.0.0\/16", here "10.244.0.0\/16"/],
  ] as const;
  for (const [other, message] of rows) {
    const lab = await labOf(['node-1', 'node-2']);
    const before = lab.api.store.snapshot();
    const backup = await other.backup();
    await assert.rejects(lab.restore({ backup }), { code: 'backup-differs', fault: 'input', message });
    assert.deepEqual(lab.api.store.snapshot(), before);
  }
});

test('a call that brings no backup is refused', async () => {
  const lab = await labOf(['node-1']);
  for (const body of [undefined, null, 7, [], {}, { backup: 7 }])
    await assert.rejects(lab.restore(body), { code: 'backup-missing', fault: 'input' });
});
