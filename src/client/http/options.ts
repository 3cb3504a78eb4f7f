import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { withoutManagedFields } from './managed-fields.ts';

/** Where an API server is and who asks. */
export interface ServerAccess {
  /** `https://HOST:PORT`, or `http://` for HTTP/2 without TLS; a path in it comes before every request's. */
  readonly server: string;
  /** Path of a unix socket to connect to instead of the host and port of `server`, which stays the name to verify. */
  readonly socketPath?: string;
  /** PEM of the authorities to trust; the system's without it. */
  readonly ca?: string;
  /** Bearer token, or how to get the current one: those of service accounts are renewed in their file. */
  readonly token?: string | (() => string);
  /** PEM of a client certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
  /** The name to expect in the server's certificate, where it is not the host's. */
  readonly serverName?: string;
  /** Trusts any certificate. Only because kubeconfigs can say so. */
  readonly insecure?: boolean;
}

export interface ClientOptions extends ServerAccess {
  readonly log: Log;
  readonly clock: Clock;
  /** Time for one answer (not for watches); 30 s unless said otherwise. */
  readonly requestTimeoutMs?: number;
  /** Under which name the server notes who set which field; `weft` unless said otherwise. */
  readonly fieldManager?: string;
  /** What is read comes without `metadata.managedFields`: for who writes no object back as a whole. */
  readonly withoutManagedFields?: boolean;
  /**
   * A watch on which nothing came for this long is renewed; 100 s unless said otherwise. Servers send a bookmark every
   * minute, give or take a quarter.
   */
  readonly watchSilenceMs?: number;
}

/** The JSON of an answer, or of an event, as this client wants to have it. */
export function wantedOf(
  json: string,
  { withoutManagedFields: isCut = false }: Pick<ClientOptions, 'withoutManagedFields'>,
): string {
  return isCut ? withoutManagedFields(json) : json;
}

/** Bounds on what a server can make a client hold. */
export const limits = {
  /** Body of one answer: a page of a list. */
  bodyBytes: 256 * 1024 * 1024,
  /** One event of a watch; etcd refuses objects above 1.5 MiB. */
  lineBytes: 8 * 1024 * 1024,
  /** Objects asked for at once. */
  pageSize: 2000,
} as const;
