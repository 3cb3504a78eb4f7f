import { createServer } from '../../lib/http.ts';
import type { StoppableServer } from './node-servers.ts';

/** What a health check is told. */
export interface Health {
  readonly isHealthy: boolean;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Load balancers ask often, with few connections. Whoever else comes must not use the process up. */
const limits = {
  maxHeaderSize: 8_192,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
};
const mostConnections = 256;

/** Answers GET and HEAD of each path, or of any path where there is one answer: 200 for health, else 503, with JSON. */
export function healthServer(
  answers: (() => Health) | Readonly<Record<string, () => Health>>,
): StoppableServer {
  const answerAt = (url = '/'): (() => Health) | undefined => {
    if (typeof answers === 'function') return answers;
    const [path = ''] = url.split('?');
    return Object.hasOwn(answers, path) ? answers[path] : undefined;
  };
  const server = createServer(limits, (request, response) => {
    const answer = answerAt(request.url);
    if (answer === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const { isHealthy, body, headers } = answer();
    response.writeHead(isHealthy ? 200 : 503, {
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(body)}\n`);
  });
  server.maxConnections = mostConnections;
  return {
    server,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
