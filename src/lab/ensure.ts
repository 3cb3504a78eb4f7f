import { resourceOf } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { Client } from '../client/port.ts';
import { WeftError } from '../lib/errors.ts';

/** Creates the objects that are not there yet, status included; leaves those that are as they are. */
export async function ensureObjects(client: Client, objects: readonly KubernetesObject[]): Promise<void> {
  await Promise.all(
    objects.map(async (object) => {
      const resource = resourceOf(object);
      if (resource === undefined) throw new Error(`${object.kind} is not served`);
      try {
        const created = await client.create(resource, object);
        if ('status' in object && resource.subresources.includes('status')) {
          await client.updateStatus(resource, { ...object, metadata: created.metadata });
        }
      } catch (error) {
        if (!(error instanceof WeftError && error.code === 'api-already-exists')) throw error;
      }
    }),
  );
}
