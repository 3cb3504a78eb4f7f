import { layer2Resources } from '../api/resources.ts';
import { apiCode } from '../client/errors.ts';
import type { Client } from '../client/port.ts';

const resource = layer2Resources.segmentaddresses;

/** Gives back what the nodes of a further cluster, which are gone, had of the segment. Rejects as `Client.delete`. */
export async function releaseCluster(
  client: Pick<Client, 'list' | 'delete'>,
  cluster: string,
): Promise<void> {
  const { items } = await client.list(resource);
  for (const { metadata, spec } of items) {
    if (spec.holder.kind !== 'Node' || spec.holder.cluster !== cluster) continue;
    const { name, uid } = metadata;
    try {
      await client.delete(resource, { name }, uid === undefined ? {} : { uid });
    } catch (thrown) {
      if (apiCode(thrown) !== 'api-not-found') throw thrown;
    }
  }
}
