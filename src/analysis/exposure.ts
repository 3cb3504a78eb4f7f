import type { Cluster } from '../model/cluster.ts';
import { labAddressesOf } from '../model/network/lab-addresses.ts';
import type { ServicePortModel } from '../model/services/port.ts';
import { workloadOf } from '../model/workloads/workload-of.ts';
import { indexOf } from './cluster-index.ts';
import type { FlowEnd, Verdict } from './flow.ts';
import { frontName } from './gateways/followed-routes.ts';
import { routedWays } from './gateways/ways.ts';
import { predict } from './predict/predict.ts';

/** A way from outside the cluster to a workload, and what becomes of a host out there that takes it. */
export interface Exposure {
  /** `NAMESPACE/NAME[Kind]`, or the address of an endpoint that is no pod. */
  readonly destination: string;
  /** `namespace/name` */
  readonly service: string;
  /**
   * `node port 30080`, `address 192.0.2.1` with the port behind it, or what asks for it and who passes that on:
   * `Ingress shop/front shop.example.com/cart by nginx[IngressClass]`.
   */
  readonly by: string;
  /** Of the pods: `TCP 8080`. */
  readonly port: string;
  /** Of a host that no policy names; every one that may come out, where it depends on the node. */
  readonly verdicts: readonly Verdict[];
  /** The source addresses that the pods may see. */
  readonly sourcesSeen: readonly string[];
  /** On what an unknown verdict depends. */
  readonly why?: string;
}

/**
 * Every way in, by destination: asked of the prediction, at each node or address, by a host on the internet; and by what
 * Ingresses and Gateways pass on, from their pods to each endpoint.
 */
export function exposuresOf(cluster: Cluster): Exposure[] {
  const { services } = indexOf(cluster);
  const doors = [...cluster.services.keys()]
    .flatMap((key) => services.portsOf(key))
    .flatMap((port) => [...throughDoors(cluster, port)]);
  return [...doors, ...throughGateways(cluster)].sort((a, b) => compare(textOf(a), textOf(b)));
}

const textOf = ({ destination, service, by, port }: Exposure): string =>
  [destination, service, by, port].join();
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function* throughDoors(cluster: Cluster, port: ServicePortModel): Generator<Exposure> {
  const { nodePort, externalAddresses } = port;
  if (nodePort !== undefined) {
    const nodes = [...cluster.nodes.keys()].map((name) => ({ kind: 'node', name }) as const);
    yield* exposures(cluster, port, { by: `node port ${nodePort}`, number: nodePort, doors: nodes });
  }
  for (const address of externalAddresses) {
    const by = `address ${address} port ${port.port}`;
    yield* exposures(cluster, port, { by, number: port.port, doors: [{ kind: 'address', address }] });
  }
}

interface Door {
  readonly by: string;
  readonly number: number;
  readonly doors: readonly FlowEnd[];
}

function exposures(cluster: Cluster, port: ServicePortModel, { by, number, doors }: Door): Exposure[] {
  const { service, protocol, family } = port;
  const source = { kind: 'address', address: labAddressesOf[family].internet } as const;
  const outcomes = doors.flatMap(
    (destination) => predict(cluster, { source, destination, protocol, port: number, family }).outcomes,
  );
  const found = new Map<
    string,
    { readonly port: string; readonly verdicts: Set<Verdict>; readonly seen: Set<string> }
  >();
  for (const { pod, address, port: podPort } of port.endpoints) {
    const key = endName(cluster, pod, address);
    const entry = found.get(key) ?? { port: `${protocol} ${podPort}`, verdicts: new Set(), seen: new Set() };
    found.set(key, entry);
    for (const { backend, verdict, sourceSeen, reasons } of outcomes) {
      // What a security group stops gets to none of them.
      if (backend !== pod && reasons.at(-1)?.stage !== 'security') continue;
      entry.verdicts.add(verdict);
      if (sourceSeen !== undefined) entry.seen.add(sourceSeen);
    }
  }
  return Array.from(found, ([destination, entry]) => ({
    destination,
    service,
    by,
    port: entry.port,
    verdicts: [...entry.verdicts].sort(),
    sourcesSeen: [...entry.seen].sort(),
  })).filter(({ verdicts }) => verdicts.length > 0);
}

/** The ways of one route to the pods of one workload, together. */
function throughGateways(cluster: Cluster): Exposure[] {
  const ways = Map.groupBy(routedWays(cluster), ({ route, backend }) =>
    [
      endName(cluster, backend.pod, backend.address),
      route.service,
      `${route.object.kind} ${route.object.key} ${route.asked} by ${frontName(route.front)}`,
      `${backend.protocol} ${backend.port}`,
    ].join('\n'),
  );
  return Array.from(ways, ([key, found]) => {
    const [destination = '', service = '', by = '', port = ''] = key.split('\n');
    const verdicts = new Set(found.flatMap((one) => one.verdicts));
    const sourcesSeen = new Set(found.flatMap((one) => one.sourcesSeen));
    const why = found.find((one) => one.why !== undefined)?.why;
    return {
      destination,
      service,
      by,
      port,
      verdicts: [...verdicts].sort(),
      sourcesSeen: [...sourcesSeen].sort(),
      ...(why !== undefined && { why }),
    };
  });
}

function endName({ pods }: Cluster, key: string | undefined, address: string): string {
  const pod = key === undefined ? undefined : pods.get(key);
  if (pod === undefined) return address;
  const { namespace, name, kind } = workloadOf(pod);
  return `${namespace}/${name}[${kind}]`;
}
