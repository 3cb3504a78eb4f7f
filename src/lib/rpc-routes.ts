import { WeftError } from './errors.ts';
import { RpcStatusError } from './rpc-reply.ts';

interface RouteMatch<Handler> {
  readonly handler: Handler;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** Finds the handler of a request. Throws `rpc-no-route` (status 404) and `rpc-malformed` (400). */
export type RouteMatcher<Handler> = (method: string, url: string) => RouteMatch<Handler>;

interface Route<Handler> {
  readonly method: string;
  readonly segments: readonly string[];
  readonly handler: Handler;
}

/** Compiles `METHOD /path/:parameter` patterns; the first one that fits counts. */
export function compileRoutes<Handler>(routes: Readonly<Record<string, Handler>>): RouteMatcher<Handler> {
  const compiled = Object.entries(routes).map(([pattern, handler]): Route<Handler> => {
    const [method = '', path = ''] = pattern.split(' ');
    return { method, segments: path.split('/'), handler };
  });
  return (method, url) => {
    const { path, query } = splitUrl(url);
    const segments = path.split('/');
    for (const route of compiled) {
      if (route.method !== method) continue;
      const parameters = parametersOf(route.segments, segments);
      if (parameters !== undefined) return { handler: route.handler, parameters, query };
    }
    throw new RpcStatusError(404, new WeftError('rpc-no-route', `nothing is served at ${method} ${path}`));
  };
}

function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  if (mark < 0) return { path: url, query: new URLSearchParams() };
  return { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

function parametersOf(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (expected.startsWith(':')) parameters[expected.slice(1)] = decode(segment);
    else if (expected !== segment) return undefined;
  }
  return parameters;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new WeftError('rpc-malformed', 'the path has a malformed escape', { cause, fault: 'input' });
  }
}
