import { resources } from '../../src/api/resources.ts';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { isPodReady } from '../../src/model/workloads/pod-state.ts';
import { benchLabName } from './lab.ts';

/** Throws unless so many pods of this program's lab are ready, on so many nodes. */
export async function requirePods(wanted: { readonly pods: number; readonly nodes: number }): Promise<void> {
  const connection = await openLabs().connect(benchLabName);
  try {
    const { items } = await connection.client.list(resources.pods, { namespace: 'default' });
    const ready = items.filter(isPodReady).length;
    const used = new Set(items.map(({ spec }) => spec.nodeName)).size;
    if (ready !== wanted.pods || used !== wanted.nodes) {
      throw new Error(`${ready} pods are ready, on ${used} nodes`);
    }
  } finally {
    await connection.close();
  }
}
