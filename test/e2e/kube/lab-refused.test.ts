import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { resources } from '../../../src/api/resources.ts';
import { createCredentials } from '../../../src/apiserver/credentials/credentials.ts';
import { startLocalServer, type LocalServer } from '../../../src/apiserver/testing/local-server.ts';
import { createClient } from '../../../src/client/http/client.ts';
import type { Client } from '../../../src/client/port.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { caller } from '../../support/kube-apiserver.ts';
import { cannotSendPackets } from '../../support/lab.ts';
import { weft, type Ended } from '../../support/weft.ts';
import { snapshotOf } from './snapshot.ts';

/* What `weft up --kubeconfig` says before anything is begun, on this machine or on the cluster. */

const example = fileURLToPath(new URL('../../../examples/two-tier', import.meta.url));

describe('a lab that cannot be on a cluster', { skip: cannotSendPackets }, () => {
  const lab = `test-off-${process.pid}`;
  let server: LocalServer;
  let client: Client;
  let earlier: ReadonlyMap<string, unknown>;

  const snapshot = (): ReturnType<typeof snapshotOf> => snapshotOf({ call: caller(server.access) });
  const up = (kubeconfig: string, ...words: string[]): Promise<Ended> =>
    weft('up', '--name', lab, '-f', example, '--kubeconfig', kubeconfig, ...words);
  const refused = async (ended: Ended, { code, says }: { code: number; says: RegExp }): Promise<void> => {
    assert.deepEqual([ended.code, ended.out], [code, ''], ended.err);
    const complaints = ended.err.split('\n').filter((line) => line.startsWith('weft: '));
    assert.equal(complaints.length, 1, ended.err);
    assert.match(complaints[0] ?? '', says);
    assert.equal(existsSync(`/run/weft/${lab}`), false);
    assert.deepEqual(await snapshot(), earlier);
  };
  /** The administrator's kubeconfig with something else in it. */
  const withChange = (change: (text: string) => string): string => {
    const path = join(server.directory, 'changed');
    writeFileSync(path, change(readFileSync(server.kubeconfig, 'utf8')), { mode: 0o600 });
    return path;
  };

  before(async () => {
    server = await startLocalServer();
    client = createClient({ ...server.access, clock: systemClock, log: silentLog });
    const metadata = { name: 'nobody', namespace: 'default' };
    await client.create(resources.serviceaccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    earlier = await snapshot();
  });
  after(async () => {
    await weft('down', '--name', lab);
    await client.close();
    await server.close();
  });

  test('a file that is not there, and a context that it does not have', async () => {
    await refused(await up('/nowhere/config'), {
      code: 2,
      says: /kubeconfig \/nowhere\/config cannot be used/,
    });
    await refused(await up(server.kubeconfig, '--context', 'other'), {
      code: 2,
      says: /do not have "other"/,
    });
  });

  test('a server that nobody is at', async () => {
    const nowhere = withChange((text) => text.replaceAll(`:${server.port}`, ':9'));
    await refused(await up(nowhere), { code: 3, says: /ECONNREFUSED/ });
  });

  test('a server that shows another certificate', async () => {
    const { ca } = createCredentials({ directory: join(server.directory, 'other'), hosts: [] }).access(1);
    const other = Buffer.from(ca).toString('base64');
    const doubted = withChange((text) =>
      text.replace(/("certificate-authority-data": ")[^"]*/, (_, before: string) => before + other),
    );
    await refused(await up(doubted), { code: 3, says: /certificate/ });
  });

  test('a token that the server does not know', async () => {
    const stranger = withChange((text) => text.replaceAll(server.access.token, 'x'.repeat(40)));
    await refused(await up(stranger), { code: 2, says: /does not accept this user/ });
  });

  test('a user who may not do what it takes, naming that', async () => {
    const { token } = await client.requestToken({ namespace: 'default', name: 'nobody' }, { seconds: 600 });
    const nobody = withChange((text) => text.replaceAll(server.access.token, token));
    await refused(await up(nobody), {
      code: 2,
      says: /may not list, create, delete nodes; .*escalate, bind clusterroles;/,
    });
  });

  test('choices that cannot be had there', async () => {
    await refused(await up(server.kubeconfig, '--controllers', 'deployments'), {
      code: 2,
      says: /no controller "deployments"/,
    });
    await refused(await up(server.kubeconfig, '--audit'), { code: 2, says: /--audit is for/ });
    await refused(await up(server.kubeconfig, '--ip-family', 'ipv6'), {
      code: 2,
      says: /10\.96\.0\.0\/12 only/,
    });
  });

  test('manifests that say otherwise than what somebody made there', async () => {
    const name = { namespace: 'default', name: 'database' };
    const spec = { selector: { app: 'theirs' }, ports: [{ port: 5432 }] };
    await client.create(resources.services, { apiVersion: 'v1', kind: 'Service', metadata: name, spec });
    earlier = await snapshot();
    await refused(await up(server.kubeconfig), {
      code: 2,
      says: /somebody else has made Service default\/database/,
    });
    await client.delete(resources.services, name);
    earlier = await snapshot();
  });

  test('a cluster that has nodes', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-7' } };
    await client.create(resources.nodes, node);
    earlier = await snapshot();
    await refused(await up(server.kubeconfig), { code: 2, says: /the cluster has nodes already: worker-7/ });
    await client.delete(resources.nodes, { name: 'worker-7' });
    earlier = await snapshot();
  });
});
