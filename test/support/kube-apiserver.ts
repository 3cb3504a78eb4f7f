import { request } from 'node:https';
import type { Answer } from '../../src/apiserver/testing/test-api.ts';
import { startKubeApiserver, type TestServer } from './kube-server.ts';

/** What both API servers can be asked. */
export interface AnyApi {
  call(
    method: string,
    url: string,
    options?: { body?: unknown; headers?: Readonly<Record<string, string>> },
  ): Promise<Answer>;
}

/** The service ranges of both. */
export const serviceRanges = '10.96.0.0/12,fd00:10:96::/112';

/** Admission plugins that fill in what belongs to other parts of a cluster. */
const without = [
  'ServiceAccount',
  'DefaultTolerationSeconds',
  'Priority',
  'StorageObjectInUseProtection',
  'TaintNodesByCondition',
];

/** A real kube-apiserver to send requests to as they are, without a client between. */
export async function startRawKubeApiserver(): Promise<AnyApi & { close(): Promise<void> }> {
  const flags = [`--disable-admission-plugins=${without.join()}`];
  const server = await startKubeApiserver({ serviceRanges, flags });
  return { call: caller(server.access), close: () => server.close() };
}

/** Asks a server as it is, without a client between. */
export function caller({ server, ca, token }: TestServer['access']): AnyApi['call'] {
  return async (method, url, { body, headers } = {}) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        new URL(url, server),
        {
          servername: 'kubernetes.default.svc',
          method,
          ca,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            // Health is told in words.
            const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : { text };
            resolve({
              status: response.statusCode ?? 0,
              body: parsed as Record<string, unknown>,
              headers: {},
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  };
}
