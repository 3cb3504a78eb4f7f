import type { AnyApi } from '../../support/kube-apiserver.ts';

/**
 * Every object of a cluster, by kind and name, found by discovery and without any of Weft's code. Left out is what
 * changes by itself: versions, who wrote what, and Leases' times.
 */
export async function snapshotOf(api: AnyApi): Promise<ReadonlyMap<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const path of await listPaths(api)) {
    const { status, body } = await api.call('GET', path);
    // Some kinds are listed by discovery and by nobody else.
    if (status !== 200) continue;
    for (const item of (body['items'] ?? []) as Item[]) {
      const { resourceVersion: _, managedFields: __, ...metadata } = item.metadata;
      const isLease = path.endsWith('/leases');
      const { namespace = '', name } = item.metadata;
      found.set(`${path} ${namespace}/${name}`, {
        ...item,
        metadata,
        ...(isLease && { spec: undefined }),
      });
    }
  }
  return found;
}

interface Item {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly managedFields?: unknown;
  };
}

interface Discovered {
  readonly name: string;
  readonly verbs: readonly string[];
}

async function listPaths(api: AnyApi): Promise<string[]> {
  const { body } = await api.call('GET', '/apis');
  const groups = body['groups'] as { preferredVersion: { groupVersion: string } }[];
  const places = [
    '/api/v1',
    ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`),
  ];
  const lists = await Promise.all(
    places.map(async (place) => {
      const { body: list } = await api.call('GET', place);
      return (list['resources'] as Discovered[])
        .filter(({ name, verbs }) => verbs.includes('list') && !name.includes('/'))
        .map(({ name }) => `${place}/${name}`);
    }),
  );
  // Health of components, which is measured anew each time.
  return lists.flat().filter((path) => !path.endsWith('/componentstatuses'));
}
