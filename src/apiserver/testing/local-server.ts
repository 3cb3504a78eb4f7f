import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import type { AuditSink } from '../audit/audit.ts';
import { createCredentials, type Credentials } from '../credentials/credentials.ts';
import { createApiServer } from '../server.ts';
import { createStore } from '../store/store.ts';
import type { PodStreams } from '../streaming/port.ts';
import type { RootStore } from '../store/port.ts';

/** A whole API server for a test: on a port of its own, with a store in memory. */
export interface LocalServer {
  readonly access: { readonly server: string; readonly ca: string; readonly token: string };
  readonly credentials: Credentials;
  readonly port: number;
  readonly store: RootStore;
  /** Path of a kubeconfig of its administrator. */
  readonly kubeconfig: string;
  /** A directory that goes with the server. */
  readonly directory: string;
  close(): Promise<void>;
}

export async function startLocalServer(
  options: { clock?: Clock; store?: RootStore; streams?: PodStreams; auditSink?: AuditSink } = {},
): Promise<LocalServer> {
  const clock = options.clock ?? systemClock;
  const directory = mkdtempSync(join(tmpdir(), 'weft-apiserver-'));
  const credentials = createCredentials({ directory: join(directory, 'credentials'), hosts: [] });
  const store = options.store ?? createStore({ path: ':memory:' });
  const { certificates, tokens } = credentials;
  const server = createApiServer({
    store,
    clock,
    log: silentLog,
    serviceCidr: '10.96.0.0/12',
    certificates,
    tokens,
    signingKey: credentials.signingKey,
    ...(options.streams !== undefined && { streams: options.streams }),
    ...(options.auditSink !== undefined && { auditSink: options.auditSink }),
  });
  const { port } = await server.listen({ port: 0 });
  const kubeconfig = join(directory, 'kubeconfig');
  credentials.writeKubeconfig(kubeconfig, { name: 'weft-test', port });
  return {
    access: credentials.access(port),
    credentials,
    port,
    store,
    kubeconfig,
    directory,
    async close() {
      await server.close();
      store.close();
      rmSync(directory, { recursive: true });
    },
  };
}
