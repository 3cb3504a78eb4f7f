import { resources } from '../../src/api/resources.ts';
import type { Pod } from '../../src/api/types/core.ts';
import { labNodeName } from '../../src/model/network/lab-addresses.ts';
import type { BenchLab } from './lab.ts';

/** Makes a pod on a node, and waits until it runs. */
export async function podIn(lab: BenchLab, node: number): Promise<{ netns: string; address: string }> {
  const name = `traffic-${node}`;
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: { nodeName: labNodeName(node), containers: [{ name: 'traffic', image: 'none' }] },
  };
  await lab.connection.client.create(resources.pods, pod);
  for (;;) {
    const found = await lab.podOf(name);
    if (found.address !== '') return found;
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
}
