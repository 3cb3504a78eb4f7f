import { join } from 'node:path';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { resources } from '../../src/api/resources.ts';
import { createNetworkNamespaces } from '../../src/kernel/netns/real.ts';
import type { NetworkNamespaces } from '../../src/kernel/netns/port.ts';
import type { LabConnection } from '../../src/lab/connection.ts';
import { readProcessFile } from '../../src/lab/process-file.ts';
import { weft } from './weft.ts';

/** A running lab of this program's own, seen from inside. */
export interface BenchLab {
  readonly connection: LabConnection;
  /** The lab's namespaces, by the names of their pins. */
  readonly namespaces: NetworkNamespaces;
  /** Pin's name of the namespace of the only pod of a workload labelled `app: NAME`, its address and its node. */
  podOf(app: string): Promise<{ netns: string; address: string; node: string }>;
  /** Where the namespace of a pin can be entered from outside the lab. */
  pathOf(netns: string): string;
  /** Ends the lab. */
  down(): Promise<void>;
}

/** Name of this process's lab; another may be measuring beside it, and neither must take the other's away. */
export const benchLabName = `bench-${process.pid}`;

/** `weft up --wait` with these manifests and options, then a connection into the lab. */
export async function startBenchLab(manifests?: string, options: readonly string[] = []): Promise<BenchLab> {
  const files = manifests === undefined ? [] : ['-f', manifests];
  try {
    await weft(['up', ...files, '--wait', '--timeout', '300', '--name', benchLabName, ...options]);
  } catch (error) {
    await weft(['down', '--name', benchLabName]);
    throw error;
  }
  const labs = openLabs();
  const connection = await labs.connect(benchLabName);
  const paths = labs.control.paths(benchLabName);
  const holder = readProcessFile(paths.processes).holder;
  const directory = `/proc/${holder?.pid}/root${paths.namespaces}`;
  const namespaces = createNetworkNamespaces({ directory });
  return {
    connection,
    namespaces,
    async podOf(app) {
      const { items } = await connection.client.list(resources.pods, { labelSelector: `app=${app}` });
      const [pod] = items;
      if (pod === undefined || items.length > 1)
        throw new Error(`${items.length} pods are labelled app=${app}`);
      return {
        netns: `pod-${pod.metadata.uid ?? ''}`,
        address: pod.status?.podIP ?? '',
        node: pod.spec.nodeName ?? '',
      };
    },
    pathOf: (netns) => join(directory, netns),
    async down() {
      namespaces.close();
      await connection.close();
      await labs.control.stop(benchLabName);
    },
  };
}
