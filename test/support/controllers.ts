import type { TestContext } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { LocalServer } from '../../src/apiserver/testing/local-server.ts';
import { createClient } from '../../src/client/http/client.ts';
import { createControllers } from '../../src/controllers/controllers.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { defaultNetworkConfig } from '../../src/model/network/config.ts';

const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

/** The controllers of a cluster on a server of a test, until it ends; of every pod is said at once that it is ready. */
export async function startControllers(t: TestContext, { access }: LocalServer): Promise<void> {
  const client = createClient({ ...access, clock: systemClock, log: silentLog });
  const controllers = createControllers({
    client,
    clock: systemClock,
    log: silentLog,
    config: defaultNetworkConfig,
  });
  await controllers.start();
  client.informer(resources.pods).onChange(({ current }) => {
    if (current === undefined || current.status?.phase === 'Running') return;
    const { namespace = '', name } = current.metadata;
    const patch = { body: { status: running }, subresource: 'status' } as const;
    // A pod may be gone again.
    client.patch(resources.pods, { namespace, name }, patch).catch(() => {});
  });
  t.after(async () => {
    await controllers.stop();
    await client.close();
  });
}
