import { resources } from '../../api/resources.ts';
import type { ConfigMap } from '../../api/types/core.ts';
import { apiCode } from '../../client/errors.ts';
import type { Client } from '../../client/port.ts';
import { WeftError } from '../../lib/errors.ts';
import { sameJson } from '../../lib/same-json.ts';
import type { BlocksByNode } from '../../model/addressing/node-blocks.ts';

const resource = resources.configmaps;
const name = { namespace: 'kube-system', name: 'node-pod-blocks' } as const;

/** Blocks that nodes were promised and may not have yet, as the API said at one moment. */
export interface Promises {
  readonly blocks: BlocksByNode;
  /** Puts others in their place. Rejects with `api-conflict` when somebody has written since. */
  replace(blocks: BlocksByNode): Promise<void>;
}

/** Each is `BLOCK` or `BLOCK,BLOCK` under the uid of its node. As the API has it now, for a cache may be behind. */
export async function readPromises(client: Client): Promise<Promises> {
  const found = await client.get(resource, name);
  const { data = {} } = found ?? {};
  return {
    blocks: new Map(Object.entries(data).map(([uid, text]) => [uid, text.split(',')])),
    async replace(blocks) {
      const wanted = Object.fromEntries([...blocks].map(([uid, all]) => [uid, all.join()]));
      if (sameJson(wanted, data)) return;
      if (found === undefined) await create(client, wanted);
      else await client.update(resource, { ...found, data: wanted });
    },
  };
}

async function create(client: Client, data: NonNullable<ConfigMap['data']>): Promise<void> {
  try {
    await client.create(resource, { apiVersion: 'v1', kind: 'ConfigMap', metadata: name, data });
  } catch (thrown) {
    if (apiCode(thrown) !== 'api-already-exists') throw thrown;
    throw new WeftError('api-conflict', `somebody else made ConfigMap ${name.namespace}/${name.name}`);
  }
}
