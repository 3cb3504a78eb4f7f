import { resources } from '../../api/resources.ts';
import type { Pod } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Client } from '../../client/port.ts';
import { systemClock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { within } from '../../lib/within.ts';

/** A namespace's own is made a moment after the namespace. */
const waitMs = 20_000;

/**
 * Resolves when the ServiceAccounts that these pods run as are there: other API servers than Weft's refuse pods without.
 * Rejects with `account-missing`.
 */
export async function accountsOfPods(client: Client, objects: readonly KubernetesObject[]): Promise<void> {
  const pods = objects.filter((object) => object.kind === 'Pod') as Pod[];
  const wanted = new Set(
    pods.map(
      ({ metadata, spec }) => `${metadata.namespace ?? 'default'}/${spec.serviceAccountName ?? 'default'}`,
    ),
  );
  await Promise.all(Array.from(wanted, (key) => accountIsThere(client, key)));
}

async function accountIsThere(client: Client, key: string): Promise<void> {
  const there = new Promise<void>((resolve) => {
    const end = client.informer(resources.serviceaccounts).onChange((change) => {
      if (change.key !== key || change.current === undefined) return;
      resolve();
      queueMicrotask(() => end());
    });
  });
  await within(systemClock, { what: key, ms: waitMs }, there).catch((cause: unknown) => {
    throw new WeftError('account-missing', `there is no ServiceAccount ${key}, and pods are to run as it`, {
      cause,
      hint: 'somebody has to run the controller that makes one for each namespace: see --controllers',
    });
  });
}
