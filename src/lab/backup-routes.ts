import type { ApiServer } from '../apiserver/server.ts';
import type { ObjectRow, RootStore, Snapshot } from '../apiserver/store/port.ts';
import { WeftError } from '../lib/errors.ts';
import type { RpcHandler } from '../lib/rpc-port.ts';
import { sameJson } from '../lib/same-json.ts';

export interface BackupRoutesOptions {
  readonly server: Pick<ApiServer, 'backup' | 'restore'>;
  readonly store: Pick<RootStore, 'get'>;
  /** Names of the lab's nodes. */
  readonly nodes: readonly string[];
}

/** How the process of a lab that holds all objects gives and takes them: to whoever may open its socket. */
export function backupRoutes(options: BackupRoutesOptions): Readonly<Record<string, RpcHandler>> {
  const { server } = options;
  return {
    'POST /backup': async () => ({ body: { backup: await server.backup() } }),
    'POST /restore': async ({ body }) => ({
      body: await server.restore(textOf(body), (snapshot) => requireSameLab(snapshot, options)),
    }),
  };
}

function textOf(body: unknown): string {
  const text = typeof body === 'object' && body !== null && 'backup' in body ? body.backup : undefined;
  if (typeof text !== 'string')
    throw new WeftError('backup-missing', 'no backup was sent', { fault: 'input' });
  return text;
}

/** What a cluster's network is made of once: its addresses are in everything else. */
const lasting = ['model', 'podCIDR', 'serviceCIDR'] as const;

/** Objects say on which node and at which address things are: they mean nothing in another network. */
function requireSameLab({ rows }: Snapshot, { store, nodes }: BackupRoutesOptions): void {
  const unknown = rows.find(({ resource, key }) => resource === 'nodes' && !nodes.includes(key));
  if (unknown !== undefined) throw differs(`has a node ${unknown.key}, which this lab has not`);
  const network = 'clusternetworks.weft.dev';
  const own = specOf(store.get(network, 'default')?.text);
  const theirs = specOf(rows.find(isNetwork(network))?.text);
  const field = lasting.find((one) => !sameJson(own[one], theirs[one]));
  if (field !== undefined)
    throw differs(`is of another network: ${field} is ${said(theirs[field])}, here ${said(own[field])}`);
}

const isNetwork =
  (network: string) =>
  ({ resource, key }: ObjectRow): boolean =>
    resource === network && key === 'default';

function specOf(text: string | undefined): Readonly<Record<string, unknown>> {
  const object = text === undefined ? {} : (JSON.parse(text) as { spec?: Record<string, unknown> });
  return object.spec ?? {};
}

function said(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}

function differs(what: string): WeftError {
  return new WeftError('backup-differs', `the backup ${what}`, {
    hint: 'nothing was changed; restore it into a lab of the same nodes and network',
    fault: 'input',
  });
}
