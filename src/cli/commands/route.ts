import { fabricResources, layer2Resources, resources, type Resource } from '../../api/resources.ts';
import type { NodeRoute } from '../../api/types/layer2.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Client } from '../../client/port.ts';
import { systemClock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { sleep } from '../../lib/sleep.ts';
import { domainsOf } from '../../model/fabric/layer2/domains.ts';
import { destinationProblem } from '../../model/fabric/layer2/node-routes.ts';
import { routeProblems } from '../../model/fabric/layer2/world.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { requireFormat, toJson } from '../output/format.ts';
import { table } from '../output/table.ts';

interface RouteTarget {
  readonly name: string;
  readonly interface: string;
  readonly destination: string;
}

export interface AddRouteOptions extends RouteTarget {
  readonly nextHop: string;
  readonly metric: number;
  readonly wait: boolean;
  /** Seconds. */
  readonly timeout: number;
}

const kind = layer2Resources.noderoutes;

/** How often it is asked whether machines have a route. */
const lookMs = 25;

/**
 * `weft route add`: a route on the machines of all nodes. One that no machine could ever take is refused; one whose
 * interface is not there yet is kept, and taken when it is. Returns when the machines of all other nodes have it; throws
 * `route-pending` when they do not within the time.
 */
export async function addRoute(env: CliEnvironment, options: AddRouteOptions): Promise<ExitCode> {
  return withClient(env, options.name, async (client, ranges) => {
    const { interface: nic, destination, nextHop, metric } = options;
    const spec = { interface: nic, destination, nextHop, metric };
    const own = destinationProblem(spec, ranges);
    if (own !== undefined) throw refused(own);
    const route: NodeRoute = {
      apiVersion: 'weft.dev/v1alpha1',
      kind: 'NodeRoute',
      metadata: { name: nameOf(spec) },
      spec,
    };
    const [machines, segments, switches, routes, nodes] = await Promise.all([
      list(client, fabricResources.virtualmachines),
      list(client, layer2Resources.segments),
      list(client, layer2Resources.virtualswitches),
      list(client, kind),
      list(client, resources.nodes),
    ]);
    if (routes.some(({ metadata }) => metadata.name === route.metadata.name)) {
      throw refused(
        `there is a route to ${spec.destination} by ${spec.interface} with metric ${spec.metric} already`,
      );
    }
    const found = routeProblems([...routes, route], {
      machines,
      domains: domainsOf(segments, switches),
      nodes: nodes.map(({ metadata }) => metadata.name),
      ranges,
    }).get(route.metadata.name);
    const final = found?.find(({ isForNow }) => !isForNow);
    if (final !== undefined) throw refused(`${final.node}: ${final.message}`);
    await client.create(kind, route);
    for (const { node, message } of found ?? []) env.err(`  not on ${node} yet: ${message}\n`);
    const waiting = new Set((found ?? []).map(({ node }) => node));
    const others = nodes.map(({ metadata }) => metadata.name).filter((node) => !waiting.has(node));
    if (options.wait)
      await untilTaken(client, route.metadata.name, { nodes: others, ms: options.timeout * 1000 });
    return 0;
  });
}

/** Resolves when the kernels of these nodes' machines have the route. Rejects with `route-pending`. */
async function untilTaken(
  client: Client,
  name: string,
  { nodes, ms }: { readonly nodes: readonly string[]; readonly ms: number },
): Promise<void> {
  const end = systemClock.monotonic() + ms;
  for (;;) {
    const taken = (await client.get(kind, { name }))?.status?.nodes ?? [];
    const missing = nodes.filter((node) => !taken.includes(node));
    if (missing.length === 0) return;
    if (systemClock.monotonic() >= end) throw pending(missing, ms);
    await sleep(systemClock, lookMs, new AbortController().signal);
  }
}

function pending(nodes: readonly string[], ms: number): WeftError {
  const shown =
    nodes.length > 3 ? `${nodes.slice(0, 3).join(', ')} and ${nodes.length - 3} more` : nodes.join(', ');
  const text = `the route is kept, but after ${ms / 1000} s the kernel does not have it on ${shown}`;
  return new WeftError('route-pending', text, {
    hint: 'weft route get says what is in its way; weft logs control has what the kernel answered; --no-wait does not wait',
  });
}

/** `weft route get`: the routes that were added, and no others of the machines. */
export async function getRoutes(
  env: CliEnvironment,
  options: { readonly name: string; readonly interface?: string; readonly output: string },
): Promise<ExitCode> {
  const format = requireFormat(options.output, ['table', 'json']);
  return withClient(env, options.name, async (client) => {
    const routes = (await list(client, kind))
      .filter(({ spec }) => options.interface === undefined || spec.interface === options.interface)
      .toSorted(
        (a, b) => a.spec.destination.localeCompare(b.spec.destination) || a.spec.metric - b.spec.metric,
      );
    if (format === 'json') {
      env.out(toJson(routes.map(({ spec, status }) => ({ ...spec, problems: status?.problems ?? [] }))));
      return 0;
    }
    const rows = routes.map(({ spec, status }) => {
      const [problem] = status?.problems ?? [];
      const why = problem === undefined ? '' : `${problem.node}: ${problem.message}`;
      return [spec.interface, spec.destination, spec.nextHop, String(spec.metric), why];
    });
    env.out(table(['INTERFACE', 'DESTINATION', 'NEXT-HOP', 'METRIC', 'PROBLEM'], rows));
    return 0;
  });
}

/** `weft route remove`: every route to the destination by the interface, whatever its metric. */
export async function removeRoute(env: CliEnvironment, options: RouteTarget): Promise<ExitCode> {
  return withClient(env, options.name, async (client) => {
    const routes = (await list(client, kind)).filter(
      ({ spec }) => spec.interface === options.interface && spec.destination === options.destination,
    );
    if (routes.length === 0) {
      throw new WeftError(
        'route-missing',
        `no route to ${options.destination} by ${options.interface} was added`,
        {
          hint: 'weft route get lists those that were',
        },
      );
    }
    for (const { metadata } of routes) await client.delete(kind, { name: metadata.name });
    return 0;
  });
}

async function withClient(
  env: CliEnvironment,
  name: string,
  work: (
    client: Client,
    config: { podCidrs: readonly string[]; serviceCidrs: readonly string[] },
  ) => Promise<ExitCode>,
): Promise<ExitCode> {
  const connection = await env.connect(name);
  try {
    return await work(connection.client, connection.options.config);
  } finally {
    await connection.close();
  }
}

async function list<T extends KubernetesObject>(client: Client, resource: Resource<T>): Promise<T[]> {
  return (await client.list(resource)).items;
}

/** `port3-192.168.21.0-24-100` */
function nameOf(spec: NodeRoute['spec']): string {
  const destination = spec.destination.replaceAll(':', '-').replace('/', '-');
  const plain = spec.interface.toLowerCase().replaceAll('_', '-');
  return `${plain}-${destination}-${spec.metric}`.replaceAll(/-{2,}/g, '-');
}

function refused(message: string): WeftError {
  const isItself = message.includes('is itself in the destination');
  const hint = isItself
    ? 'the destination is the network behind the next hop: --destination 192.168.21.0/24 --next-hop 192.168.20.1'
    : 'weft route get lists what was added; kubectl get virtualmachines,segments shows the machines’ interfaces';
  return new WeftError('route-refused', message, { fault: 'input', hint });
}
