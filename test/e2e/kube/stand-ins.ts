import { resources } from '../../../src/api/resources.ts';
import type { Node, Pod } from '../../../src/api/types/core.ts';
import type { Client } from '../../../src/client/port.ts';

/** A node that takes pods. */
export function readyNode(name: string): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
    status: {
      allocatable: { pods: '110', cpu: '4', memory: '8Gi' },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

/**
 * Plays the nodes, without a network: of pods that are bound it says that they run (those of Jobs that they have
 * succeeded), and those that are being deleted it lets go, as a kubelet does when their containers have ended.
 */
export function playNodes(client: Client): () => void {
  let made = 0;
  return client.informer(resources.pods).onChange(({ current }) => {
    if (current?.spec.nodeName === undefined) return;
    const { name, namespace = '', uid = '', deletionTimestamp } = current.metadata;
    // Another turn of this pod, or its end, is on the way wherever one of these fails.
    const ignore = (): void => {};
    if (deletionTimestamp !== undefined) {
      client.delete(resources.pods, { namespace, name }, { uid, graceSeconds: 0 }).catch(ignore);
    } else if (current.status?.podIP === undefined) {
      made += 1;
      const body = { metadata: { uid }, status: statusOf(current, made) };
      client.patch(resources.pods, { namespace, name }, { body, subresource: 'status' }).catch(ignore);
    }
  });
}

function statusOf({ metadata }: Pod, index: number): object {
  const ip = `10.244.${index >> 8}.${index & 255}`;
  const ends = metadata.ownerReferences?.[0]?.kind === 'Job';
  return {
    phase: ends ? 'Succeeded' : 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    conditions: [{ type: 'Ready', status: ends ? 'False' : 'True' }],
  };
}
