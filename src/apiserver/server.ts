import type { Server } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { followAggregation } from './access/aggregate.ts';
import { createAuthorizer } from './access/authorizer.ts';
import { keepAddresses } from './addresses/keeper.ts';
import { createCatalog } from './catalog/catalog.ts';
import { createAdmission } from './admission/admission.ts';
import { createAudit, type AuditSink } from './audit/audit.ts';
import { readBackup, writeBackup } from './backup/backup.ts';
import { bootstrap } from './bootstrap.ts';
import { newKeyPair } from './credentials/certificate.ts';
import { isHealthPath } from './discovery/serve.ts';
import { followDefinitions } from './custom/definitions.ts';
import { createHandler, type Handle } from './handler.ts';
import { createAuthenticate, type Token } from './http/authenticate.ts';
import { attach, listen, type Certificates, type ListenAt, type Listening } from './http/listen.ts';
import type { ApiRequest, ApiResponse } from './http/messages.ts';
import { createRequestListener } from './http/transport.ts';
import { signingKeyOf, type SigningKey } from './identity/jwt.ts';
import { createServiceAccountTokens } from './identity/service-account-tokens.ts';
import { createTurnBudget } from './http/turn-budget.ts';
import { createUpgradeListener } from './http/upgrade.ts';
import type { Restored, RootStore, Snapshot } from './store/port.ts';
import type { PodStreams } from './streaming/port.ts';

export interface ApiServerOptions {
  readonly store: RootStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Range of Service addresses where no ClusterNetwork names one; `IPV4,IPV6` for dual-stack. */
  readonly serviceCidr: string;
  /** PEM texts, as `createCredentials` makes them. */
  readonly certificates: Certificates;
  readonly tokens: readonly Token[];
  /** Signs the tokens of service accounts; one that nobody else has where absent. */
  readonly signingKey?: () => SigningKey;
  /** Where every request is written down; nowhere where absent. */
  readonly auditSink?: AuditSink;
  /** The way into pods; without one, whoever asks for it is told so. */
  readonly streams?: PodStreams;
}

/** The Kubernetes API over a store. */
export interface ApiServer {
  /** Answers one request without any transport; rejects only with `StatusError`, or where the store failed. */
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** Serves on 127.0.0.1, a unix socket, or a socket that listens already; may be called for several. */
  listen(at: ListenAt): Promise<Listening>;
  /** Serves the connections of a plain TCP server that somebody else runs. */
  attach(listener: Server): Listening;
  /** All objects at one version as a text, see `writeBackup`; nothing in it can still be undone. */
  backup(): Promise<string>;
  /**
   * Makes the objects those of a backup, all or none, while everybody goes on; roles that every cluster has are there
   * afterwards, also where the backup has none of them. Throws as `readBackup` and `check` do, with nothing changed.
   */
  restore(backup: string, check?: (snapshot: Snapshot) => void): Promise<Restored>;
  /** Ends all connections and stops listening everywhere. The store stays open. */
  close(): Promise<void>;
}

/** Makes the server and the namespaces that every cluster has; nothing listens before `listen`. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { clock, log, certificates } = options;
  const store = keepAddresses({ store: options.store, clock, cidrs: options.serviceCidr.split(',') });
  const admission = createAdmission({ store, clock, serviceCidr: options.serviceCidr });
  const catalog = createCatalog();
  const accounts = createServiceAccountTokens({ store, clock, key: options.signingKey ?? ownKey() });
  const { streams } = options;
  const api = { store, clock, log, admission, catalog, accounts, ...(streams !== undefined && { streams }) };
  const settled = (): Promise<void> | undefined => store.settled();
  const authenticate = createAuthenticate({ tokens: options.tokens, accounts });
  bootstrap(api);
  const authorizer = createAuthorizer(store);
  const audit = options.auditSink && createAudit({ sink: options.auditSink, clock });
  const handle = afterSettling(
    createHandler(api, { authenticate, authorizer, ...(audit !== undefined && { audit }) }),
    settled,
  );
  const budget = createTurnBudget({ clock });
  const transport = {
    async handle(request: ApiRequest) {
      const turn = budget();
      if (turn !== undefined) await turn;
      return handle(request);
    },
    log,
    committed: () => store.committed(),
    precheck: (head: Omit<ApiRequest, 'body'>): void => {
      if (isHealthPath(head.path)) return;
      try {
        authenticate.request(head);
      } catch (thrown) {
        audit?.begin(head)({}, { code: 401, reason: 'Unauthorized' });
        throw thrown;
      }
    },
  };
  const listeners = {
    onRequest: createRequestListener(transport),
    onUpgrade: createUpgradeListener(transport),
  };
  const open: Listening[] = [];
  const ends = [followDefinitions(api), followAggregation(store), () => authorizer.stop()];
  return {
    handle,
    async listen(at) {
      const listening = await listen(at, certificates, listeners);
      open.push(listening);
      return listening;
    },
    attach(listener) {
      const listening = attach(listener, certificates, listeners);
      open.push(listening);
      return listening;
    },
    async backup() {
      const snapshot = options.store.snapshot();
      await settled();
      return writeBackup(snapshot);
    },
    async restore(text, check) {
      const snapshot = readBackup(text);
      check?.(snapshot);
      const restored = options.store.restore(snapshot);
      bootstrap(api);
      await settled();
      return restored;
    },
    async close() {
      for (const end of ends) end();
      await Promise.all(open.map((listening) => listening.close()));
    },
  };
}

function ownKey(): () => SigningKey {
  let key: SigningKey | undefined;
  return () => (key ??= signingKeyOf(newKeyPair().privateKey));
}

/** No answer goes out, not even a refusal, that tells of something a power cut could still undo. */
function afterSettling(handle: Handle, settled: () => Promise<void> | undefined): Handle {
  return async (request) => {
    try {
      return await handle(request);
    } finally {
      await settled();
    }
  };
}
