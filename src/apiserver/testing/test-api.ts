import { systemClock, type Clock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import type { AuditSink } from '../audit/audit.ts';
import type { ApiRequest, ApiResponse } from '../http/messages.ts';
import { mastersGroup, type User } from '../identity/user.ts';
import { createApiServer, type ApiServer } from '../server.ts';
import { StatusError, statusOf } from '../status.ts';
import type { RootStore } from '../store/port.ts';
import { createStore } from '../store/store.ts';

/** What came back: the status code and the parsed body. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Readonly<Record<string, string>>;
}

/** The API without a network under it. */
export interface TestApi {
  readonly store: RootStore;
  readonly server: Pick<ApiServer, 'backup' | 'restore'>;
  call(method: string, url: string, options?: CallOptions): Promise<Answer>;
  /** Starts a watch; `lines` grows as events come. */
  watch(
    url: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly lines: Record<string, unknown>[]; readonly ended: () => boolean; stop(): void }>;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Who asks, as by a client certificate; somebody who may do everything where absent. */
  readonly as?: User;
  readonly headers?: Readonly<Record<string, string>>;
}

const token = 'secret';

export function createTestApi(
  options: {
    clock?: Clock;
    serviceCidr?: string;
    historyLimit?: number;
    path?: string;
    auditSink?: AuditSink;
  } = {},
): TestApi {
  const { historyLimit, path = ':memory:' } = options;
  const store = createStore({ path, ...(historyLimit !== undefined && { historyLimit }) });
  const server = createApiServer({
    store,
    clock: options.clock ?? systemClock,
    log: silentLog,
    serviceCidr: options.serviceCidr ?? '10.96.0.0/12',
    certificates: { certificate: '', key: '' },
    ...(options.auditSink !== undefined && { auditSink: options.auditSink }),
    tokens: [{ token, user: { name: 'tester', groups: [mastersGroup] } }],
  });
  const answer = async (request: ApiRequest): Promise<ApiResponse | StatusError> => {
    try {
      return await server.handle(request);
    } catch (thrown) {
      if (thrown instanceof StatusError) return thrown;
      throw thrown;
    }
  };
  return {
    store,
    server,
    async call(method, url, { body, headers, as } = {}) {
      const request = requestOf(method, url, { body, headers: { ...authorized, ...headers } });
      const response = await answer({ ...request, ...(as !== undefined && { certificate: as }) });
      if (response instanceof StatusError) {
        return { status: response.status, body: statusOf(response) as Record<string, unknown>, headers: {} };
      }
      if (!('body' in response)) throw new Error('the answer is a stream');
      return { status: response.status, body: parse(response.body), headers: response.headers };
    },
    async watch(url, headers) {
      const response = await server.handle(
        requestOf('GET', url, { body: undefined, headers: { ...authorized, ...headers } }),
      );
      if (!('stream' in response)) throw new Error('the answer is not a stream');
      const lines: Record<string, unknown>[] = [];
      let ended = false;
      const stop = response.stream({
        write: (text) => void lines.push(...text.trimEnd().split('\n').map(parse)),
        end: () => (ended = true),
        cut: () => (ended = true),
      });
      return { lines, ended: () => ended, stop };
    },
  };
}

const authorized = { authorization: `Bearer ${token}` };

function requestOf(
  method: string,
  url: string,
  { body, headers }: { body: unknown; headers: Readonly<Record<string, string>> },
): ApiRequest {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const bytes =
    typeof body === 'string' || body instanceof Uint8Array
      ? body
      : body === undefined
        ? ''
        : JSON.stringify(body);
  return { method, path: pathname, query: searchParams, headers, body: Buffer.from(bytes) };
}

function parse(text: string): Record<string, unknown> {
  return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text };
}
