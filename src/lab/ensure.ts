import { servedResourceOf } from '../api/served.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { Resource } from '../api/resources.ts';
import { apiCode } from '../client/errors.ts';
import type { Client } from '../client/port.ts';
import { nameOf } from '../controllers/pod-writes.ts';

/** Creates the objects that are not there yet, status included; leaves those that are as they are. */
export async function ensureObjects(client: Client, objects: readonly KubernetesObject[]): Promise<void> {
  await Promise.all(
    objects.map(async (object) => {
      const resource = servedResourceOf(object);
      if (resource === undefined) throw new Error(`${object.kind} is not served`);
      try {
        const created = await client.create(resource, object);
        if ('status' in object && resource.subresources.includes('status')) {
          await client.updateStatus(resource, { ...object, metadata: created.metadata });
        }
      } catch (error) {
        if (!(await isThere(client, resource, { object, error }))) throw error;
      }
    }),
  );
}

/** Of a Service that is there already the API server first says that its address is taken. */
async function isThere(
  client: Client,
  resource: Resource,
  { object, error }: { object: KubernetesObject; error: unknown },
): Promise<boolean> {
  const code = apiCode(error);
  if (code !== 'api-invalid') return code === 'api-already-exists';
  return (await client.get(resource, nameOf(object))) !== undefined;
}
