import type { Pod, Service } from '../../api/types/core.ts';
import type { Protocol } from '../../api/types/meta.ts';
import { families, type Family } from '../../lib/address.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import { clusterDnsService, isClusterDns } from '../cluster-dns.ts';
import { indexOf, type ClusterIndex } from '../cluster-index.ts';
import type { Flow, Outcome, Verdict } from '../flow.ts';
import { declaredPorts, type DeclaredPort } from '../predict/listening.ts';
import { addressPair } from '../predict/ends.ts';
import { predict } from '../predict/predict.ts';

/** One real packet to send, and what is predicted of it. */
export interface LiveCell {
  /** `namespace/name` of the pod that sends. */
  readonly source: string;
  readonly destination: { readonly kind: 'pod' | 'service'; readonly key: string };
  readonly protocol: Protocol;
  readonly port: number;
  /** Set in a dual-stack cluster, where each pair has a cell for every family that both speak. */
  readonly family?: Family;
  /** Whether the destination declares the port: each one has every declared port and one that is not. */
  readonly isDeclared: boolean;
  readonly verdict: Verdict;
  /** Every outcome that is right: one per backend of a Service. */
  readonly outcomes: readonly Pick<Outcome, 'verdict' | 'backend' | 'sourceSeen'>[];
}

/** The cell as a question. */
export function flowOf({ source, destination, protocol, port, family }: LiveCell): Flow {
  const flow = { source: { kind: 'pod', key: source } as const, destination, protocol, port };
  return family === undefined ? flow : { ...flow, family };
}

/** Cells that are not sent, and why. */
export interface IgnoredCells {
  readonly destination: LiveCell['destination'];
  readonly why: string;
  readonly cells: number;
}

export interface LiveMatrix {
  readonly cells: readonly LiveCell[];
  readonly ignored: readonly IgnoredCells[];
}

export interface LiveOptions {
  /** Also probes the cluster DNS, which is part of every cluster. */
  readonly includeClusterDns?: boolean;
  /** Only packets of these; all when absent. */
  readonly families?: readonly Family[];
}

/**
 * The matrix that `reach --live` proves: from every pod to every pod (itself too) and to every Service, each
 * declared port, and one undeclared port of TCP, of UDP, and of SCTP where the destination has a port of that.
 */
export function liveCells(cluster: Cluster, options: LiveOptions = {}): LiveMatrix {
  const { includeClusterDns = false, families: asked = families } = options;
  const index = indexOf(cluster);
  const pods = [...cluster.pods].filter(([, pod]) => includeClusterDns || !isClusterDns(pod));
  const sources = pods.filter(([, { status }]) => status?.podIP !== undefined).map(([key]) => key);
  const targets = [
    ...pods.map(([key, pod]) => podTarget(key, pod)),
    ...[...cluster.services]
      .filter(([key]) => includeClusterDns || key !== clusterDnsService)
      .map(([key, service]) => serviceTarget(index, key, service)),
  ];
  const cells: LiveCell[] = [];
  const ignored: IgnoredCells[] = [];
  const ignore = (destination: LiveCell['destination'], why: string, ports: readonly ProbedPort[]): void => {
    if (ports.length === 0) return;
    const named = ports.map(({ protocol, port }) => `${protocol} ${port}`).join(', ');
    ignored.push({ destination, why: `${why}: ${named}`, cells: sources.length * ports.length });
  };
  for (const { destination, ports, why } of targets) {
    if (why === undefined) {
      for (const probe of ports) {
        cells.push(...sources.flatMap((source) => cellsOf(cluster, { source, destination, asked }, probe)));
      }
    } else ignore(destination, why, ports);
  }
  return { cells, ignored };
}

interface Target {
  readonly destination: LiveCell['destination'];
  readonly ports: readonly ProbedPort[];
  /** Set where nothing can be sent. */
  readonly why: string | undefined;
}

interface ProbedPort extends DeclaredPort {
  readonly isDeclared: boolean;
}

function podTarget(key: string, pod: Pod): Target {
  return {
    destination: { kind: 'pod', key },
    ports: probedPorts(declaredPorts(pod)),
    why: pod.status?.podIP === undefined ? 'the pod has no address' : undefined,
  };
}

function serviceTarget({ services }: ClusterIndex, key: string, service: Service): Target {
  const ports = (service.spec.ports ?? []).map(({ protocol = 'TCP', port }) => ({ protocol, port }));
  return {
    destination: { kind: 'service', key },
    ports: probedPorts(ports),
    why: whyNotAsked(service, services.portsOf(key)),
  };
}

function whyNotAsked({ spec }: Service, ports: readonly ServicePortModel[]): string | undefined {
  if (spec.type === 'ExternalName') return 'an ExternalName is only a name';
  if (spec.clusterIP === 'None') return 'a headless Service is only a name for its pods';
  if (ports.length === 0) return 'the Service has no address that this network serves';
  const leadsOut = ports.some(({ endpoints }) => endpoints.some(({ pod }) => pod === undefined));
  return leadsOut ? 'the Service leads out of the cluster, where nobody says what they saw' : undefined;
}

function probedPorts(declared: readonly DeclaredPort[]): ProbedPort[] {
  const usesSctp = declared.some(({ protocol }) => protocol === 'SCTP');
  const undeclared = (['TCP', 'UDP', ...(usesSctp ? (['SCTP'] as const) : [])] as const).map((protocol) => ({
    protocol,
    port: undeclaredPort(protocol, declared),
    isDeclared: false,
  }));
  return [...declared.map((port) => ({ ...port, isDeclared: true })), ...undeclared];
}

/** A port that nobody uses by habit, or the next one below that is not declared. */
function undeclaredPort(protocol: Protocol, declared: readonly DeclaredPort[]): number {
  let port = 64_999;
  while (declared.some((one) => one.protocol === protocol && one.port === port)) port -= 1;
  return port;
}

interface CellEnds {
  readonly source: string;
  readonly destination: Flow['destination'] & LiveCell['destination'];
  readonly asked: readonly Family[];
}

function cellsOf(cluster: Cluster, { source, destination, asked }: CellEnds, port: ProbedPort): LiveCell[] {
  const flow = { source: { kind: 'pod', key: source } as const, destination };
  if (cluster.config.podCidrs.length < 2) return [cellOf(cluster, source, flow, port)];
  const common = asked.filter((family) => !('nothing' in addressPair(indexOf(cluster), { ...flow, family })));
  return common.map((family) => cellOf(cluster, source, { ...flow, family }, port));
}

function cellOf(
  cluster: Cluster,
  source: string,
  flow: Pick<Flow, 'source' | 'family'> & Pick<LiveCell, 'destination'>,
  { protocol, port, isDeclared }: ProbedPort,
): LiveCell {
  const { destination, family } = flow;
  const { verdict, outcomes } = predict(cluster, { ...flow, protocol, port });
  return {
    source,
    destination,
    protocol,
    port,
    ...(family === undefined ? {} : { family }),
    isDeclared,
    verdict,
    outcomes: outcomes.map(({ verdict, backend, sourceSeen }) => ({ verdict, backend, sourceSeen })),
  };
}
