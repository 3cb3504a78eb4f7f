import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { resources } from '../../../src/api/resources.ts';
import { createClient } from '../../../src/client/http/client.ts';
import { leases } from '../../../src/api/lease.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { stop, type TestServer } from '../../support/kube-server.ts';
import { until } from './until.ts';

const program = fileURLToPath(new URL('../../../src/cmd/weft.ts', import.meta.url));

function startController(kubeconfig: string): ChildProcess {
  // One controller that needs nobody else; standing for leadership is the same for all.
  const args = [program, 'controller', '--kubeconfig', kubeconfig, '--controllers', 'namespace'];
  return spawn(process.execPath, args, { stdio: 'ignore' });
}

/** `weft controller`, as processes of their own on a server. */
export function controllerCommandOn(server: () => TestServer): void {
  describe('weft controller', () => {
    it('acts as one of several processes; when that is told to end, another goes on', async () => {
      const client = createClient({ ...server().access, clock: systemClock, log: silentLog });
      const processes = [startController(server().kubeconfig)];
      const accountIn = async (namespace: string): Promise<unknown> => {
        const metadata = { name: namespace };
        await client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
        return until(`${namespace} has its ServiceAccount`, () =>
          client.get(resources.serviceaccounts, { namespace, name: 'default' }),
        );
      };
      const holder = async (): Promise<string | undefined> => {
        const lease = await client.get(leases, { namespace: 'kube-system', name: 'weft-controllers' });
        return lease?.spec.holderIdentity || undefined;
      };
      try {
        await accountIn('led-one');
        const before = await until('the first leads', holder);
        processes.push(startController(server().kubeconfig));
        processes[0]?.kill('SIGTERM');
        await until('it has ended in order', async () => processes[0]?.exitCode === 0);
        await accountIn('led-two');
        assert.notEqual(await until('the second leads', holder), before);
      } finally {
        for (const process of processes) await stop(process);
        await client.close();
      }
    });
  });
}
