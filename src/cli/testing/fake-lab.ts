import { duplexPair } from 'node:stream';
import { predict } from '../../analysis/predict/predict.ts';
import type { FlowEnd } from '../../analysis/flow.ts';
import { createFakeClient } from '../../client/fake/client.ts';
import type { LabConnection, LabProgramming } from '../../lab/connection.ts';
import type { ObservedFlow } from '../../model/flows/observed-flow.ts';
import { podAddresses } from '../../model/network/pod-addresses.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { readCluster } from '../../lab/cluster-of.ts';
import type { Client } from '../../client/port.ts';
import type { Probe, ProbeResult } from '../../workload/port.ts';
import type { Prober } from '../../workload/probe/prober.ts';
import { podNetns } from '../live/probe-of.ts';

export interface FakeLab {
  readonly connection: LabConnection;
  readonly client: Client;
  /** Every packet sent, in order. */
  readonly sent: readonly Probe[];
  /** What `programmed` was asked for. */
  readonly programmed: readonly Readonly<Record<string, string>>[];
  /** Namespace and words of every program that was run; each ends with 7. */
  readonly executed: readonly (readonly string[])[];
  readonly isClosed: () => boolean;
}

export interface FakeLabOptions {
  /** Changes what really happens: undefined leaves it as predicted. */
  readonly lie?: (
    probe: Probe,
    truth: ProbeResult,
  ) => ProbeResult | undefined | Promise<ProbeResult | undefined>;
  /** What is not as it should be of how far the nodes are. */
  readonly programming?: Partial<LabProgramming>;
  /** What was observed, once it is recorded. */
  readonly flows?: readonly ObservedFlow[];
  /** What domain names lead to. */
  readonly domains?: ReadonlyMap<string, readonly string[]>;
}

/** A lab that holds a cluster in memory and where packets fare as predicted, unless told to lie. */
export function createFakeLab(
  cluster: Cluster,
  { lie, programming, flows = [], domains = new Map() }: FakeLabOptions = {},
): FakeLab {
  const sent: Probe[] = [];
  const programmed: Readonly<Record<string, string>>[] = [];
  const executed: string[][] = [];
  let closed = false;
  let since: string | null = null;
  const client = createFakeClient({ objects: objectsOf(cluster) });
  const probe = async (one: Probe): Promise<ProbeResult> => {
    sent.push(one);
    const truth = truthOf(await readCluster(client), one);
    return (await lie?.(one, truth)) ?? truth;
  };
  const prober: Prober = {
    probe,
    probeAll: (probes) => Promise.all(probes.map(probe)),
    close: () => {},
  };
  const connection: LabConnection = {
    options: { name: 'lab', nodes: 3, config: defaultNetworkConfig },
    client,
    prober: () => Promise.resolve(prober),
    programmed: (versions) => {
      programmed.push(versions);
      return Promise.resolve();
    },
    programming: () =>
      Promise.resolve({
        versions: { networkpolicies: '999999999' },
        isBusy: false,
        failing: [],
        ...programming,
      }),
    flows: () => Promise.resolve({ since, flows: since === null ? [] : flows, lost: 0 }),
    domains: () => Promise.resolve(domains),
    recordFlows: (isWanted) => {
      since = isWanted ? '2026-01-01T00:00:00.000Z' : null;
      return Promise.resolve();
    },
    execute: (where, command) => {
      executed.push([where.netns, ...('nameservers' in where ? [where.nameservers.join()] : []), ...command]);
      return Promise.resolve(7);
    },
    nodeLinks: () => Promise.resolve([]),
    resolve: () => Promise.resolve([]),
    connectInside: (way) => {
      const [inside, other] = duplexPair();
      other.end(`${way.netns} ${way.addresses.join()} ${way.port}\n`);
      return Promise.resolve(inside);
    },
    close: () => {
      closed = true;
      return Promise.resolve();
    },
  };
  return { connection, client, sent, programmed, executed, isClosed: () => closed };
}

function objectsOf(cluster: Cluster): KubernetesObject[] {
  const pods = [...cluster.pods].map(([key, pod]) => ({
    ...pod,
    metadata: { ...pod.metadata, uid: `uid-of-${key.replace('/', '-')}` },
  }));
  const { namespaces, nodes, services, endpointSlices, networkPolicies, clusterNetworkPolicies } = cluster;
  const others = [namespaces, nodes, services, endpointSlices, networkPolicies, clusterNetworkPolicies];
  return [...pods, ...others.flatMap((objects): KubernetesObject[] => [...objects.values()])];
}

/** What the prediction says, as the network would show it; of several backends the first is chosen. */
function truthOf(cluster: Cluster, { netns, sourceAddress, protocol, address, port }: Probe): ProbeResult {
  const source = senderOf(cluster, netns, sourceAddress);
  const flow = { source, destination: { kind: 'address', address } as const, protocol, port };
  const [outcome] = predict(cluster, flow).outcomes;
  if (outcome?.verdict === 'refused') return { outcome: 'refused', milliseconds: 1 };
  if (outcome?.verdict === 'denied') return { outcome: 'denied', milliseconds: 1 };
  if (outcome?.verdict !== 'allowed')
    return { outcome: 'rejected', rejectedBy: '192.0.2.1', milliseconds: 1 };
  const pod = outcome.backend ?? podAt(cluster, address);
  const answer = {
    pod,
    node: 'node-1',
    protocol,
    port,
    source: outcome.sourceSeen ?? '',
    sourcePort: 40_000,
  };
  return { outcome: 'answered', answer, milliseconds: 1 };
}

function senderOf(cluster: Cluster, netns: string, address: string | undefined): FlowEnd {
  if (address !== undefined) return { kind: 'address', address };
  if (netns.startsWith('node-')) return { kind: 'node', name: netns.slice('node-'.length) };
  for (const [key, pod] of cluster.pods) if (podNetns(pod) === netns) return { kind: 'pod', key };
  throw new Error(`nobody is in ${netns}`);
}

function podAt({ pods }: Cluster, address: string): string {
  return [...pods].find(([, pod]) => podAddresses(pod).includes(address))?.[0] ?? '';
}
