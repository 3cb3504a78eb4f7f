import { openLabs } from '../../src/cmd/weft/labs.ts';
import { resourceOf } from '../../src/api/resources.ts';
import type { Pod } from '../../src/api/types/core.ts';
import type { KubernetesObject, Protocol } from '../../src/api/types/meta.ts';
import { resources } from '../../src/api/resources.ts';
import { applyObjects } from '../../src/lab/apply.ts';
import type { LabConnection } from '../../src/lab/connection.ts';
import type { LabOptions } from '../../src/lab/options.ts';
import { readProcessFile } from '../../src/lab/process-file.ts';
import { watchReadiness } from '../../src/lab/readiness.ts';
import { createNetworkNamespaces } from '../../src/kernel/netns/real.ts';
import type { NetworkNamespaces } from '../../src/kernel/netns/port.ts';
import { createSockets } from '../../src/kernel/sockets/sockets.ts';
import type { Sockets } from '../../src/kernel/sockets/port.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { defaultNetworkConfig } from '../../src/model/network/config.ts';
import { labPlaces } from '../../src/lab/options.ts';
import type { ProbeResult } from '../../src/workload/port.ts';

/** Why packet tests are left out here; `false` where they can run. */
export const cannotSendPackets: string | false = process.getuid?.() === 0 ? false : 'needs root';

/** A real lab of this test's own, with real packets. */
export interface TestLab {
  readonly name: string;
  readonly connection: LabConnection;
  readonly namespaces: NetworkNamespaces;
  readonly sockets: Sockets;
  /** Makes the cluster hold exactly these objects, and waits until they are ready and programmed. */
  apply(objects: readonly KubernetesObject[]): Promise<void>;
  /** Resolves when everything is ready and programmed. */
  ready(): Promise<void>;
  /** A pod by `namespace/name`. */
  pod(key: string): Promise<Pod>;
  /** Pin's name of a pod's namespace. */
  netnsOf(key: string): Promise<string>;
  /** Sends a packet from a namespace and says what came of it. */
  probe(netns: string, target: string, options?: ProbeTarget): Promise<ProbeResult>;
  down(): Promise<void>;
}

export interface ProbeTarget {
  readonly protocol?: Protocol;
  readonly sourceAddress?: string;
}

/** Starts a lab under a name that no other test has. Takes it down again when it does not become ready. */
export async function startLab(suffix: string, options: Partial<LabOptions> = {}): Promise<TestLab> {
  const lab = await startBareLab(suffix, options);
  try {
    await lab.ready();
    return lab;
  } catch (error) {
    await lab.down();
    throw error;
  }
}

/** The same, whose nodes need not become ready. */
export async function startBareLab(suffix: string, options: Partial<LabOptions> = {}): Promise<TestLab> {
  const labs = openLabs();
  // A further cluster of a lab, `b` of `test-x-1`, is named `test-x-1.b`.
  const { name = `test-${suffix}-${process.pid}` } = options;
  try {
    await labs.control.start({ nodes: 3, config: defaultNetworkConfig, ...options, name });
    return await connectedLab(labs, name);
  } catch (error) {
    await labs.control.stop(name);
    throw error;
  }
}

async function connectedLab(labs: ReturnType<typeof openLabs>, name: string): Promise<TestLab> {
  const paths = labs.control.paths(name);
  const holder = readProcessFile(paths.processes).holder;
  const namespaces = createNetworkNamespaces({ directory: `/proc/${holder?.pid}/root${paths.namespaces}` });
  const connection = await labs.connect(name).catch((error: unknown) => {
    namespaces.close();
    throw error;
  });
  const pod = async (key: string): Promise<Pod> => {
    const [namespace = '', podName = ''] = key.split('/');
    const found = await connection.client.get(resources.pods, { namespace, name: podName });
    if (found === undefined) throw new Error(`there is no pod ${key}`);
    return found;
  };
  const ready = async (): Promise<void> => {
    const readiness = watchReadiness(connection.client, systemClock);
    await readiness.wait(20_000);
    await connection.programmed(readiness.versions());
  };
  return {
    name,
    connection,
    namespaces,
    sockets: createSockets({ namespaces }),
    ready,
    async apply(objects) {
      await applyObjects(
        connection.client,
        objects.filter((object) => resourceOf(object) !== undefined),
      );
      await ready();
      const { resourceVersion } = await newestPolicy(connection);
      await connection.programmed({ networkpolicies: resourceVersion });
    },
    pod,
    netnsOf: async (key) => `pod-${(await pod(key)).metadata.uid ?? ''}`,
    async probe(netns, target, { protocol = 'TCP', sourceAddress } = {}) {
      const colon = target.lastIndexOf(':');
      const prober = await connection.prober();
      return prober.probe(
        {
          netns,
          protocol,
          address: target.slice(0, colon),
          port: Number(target.slice(colon + 1)),
          ...(sourceAddress !== undefined && { sourceAddress }),
        },
        { timeoutMs: 400 },
      );
    },
    async down() {
      namespaces.close();
      await connection.close();
      await labs.control.stop(name);
    },
  };
}

async function newestPolicy(connection: LabConnection): Promise<{ resourceVersion: string }> {
  const { items } = await connection.client.list(resources.networkpolicies);
  const versions = items.map(({ metadata }) => BigInt(metadata.resourceVersion ?? '0'));
  return { resourceVersion: String(versions.reduce((a, b) => (a > b ? a : b), 0n)) };
}

/** Places of the nodes of a test lab. */
export const places = labPlaces({ nodes: 3 });

/** A pod pinned to a node, listening on the given TCP ports. */
export function podOn(
  node: string,
  key: string,
  {
    ports = [8080],
    labels = {},
    udp = [],
    sctp = [],
  }: { ports?: number[]; udp?: number[]; sctp?: number[]; labels?: Record<string, string> } = {},
): Pod {
  const [namespace = 'default', name = ''] = key.split('/');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { name, ...labels } },
    spec: {
      nodeName: node,
      containers: [
        {
          name: 'c',
          image: 'none',
          ports: [
            ...ports.map((containerPort) => ({ containerPort, protocol: 'TCP' as const })),
            ...udp.map((containerPort) => ({ containerPort, protocol: 'UDP' as const })),
            ...sctp.map((containerPort) => ({ containerPort, protocol: 'SCTP' as const })),
          ],
        },
      ],
    },
  };
}
