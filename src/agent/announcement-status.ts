import { keyOf, type Resource } from '../api/resources.ts';
import type { ServiceBGPStatus, ServiceL2Status } from '../api/types/load-balancer.ts';
import { apiCode } from '../client/errors.ts';
import type { Client } from '../client/port.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { sameJson } from '../lib/same-json.ts';
import { done } from '../reconcile/outcome.ts';
import { createReconciler } from '../reconcile/reconciler.ts';

type Status = ServiceL2Status | ServiceBGPStatus;

/** Keeps the objects of one kind that say where Services are announced. */
export interface AnnouncementStatus<T extends Status> {
  /** All that is announced from now on. Nothing is written before the first call. */
  set(wanted: readonly T[]): void;
  stop(): Promise<void>;
}

export interface AnnouncementStatusOptions<T extends Status> {
  readonly client: Client;
  readonly resource: Resource<T>;
  /** Whether an object is for this process to take away when it is not wanted. */
  readonly isOwn: (object: T) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** What changes within this time is written once. */
const gatherMs = 200;
/** Agents that start again have nodes that join later than others: what they say meanwhile is not taken away. */
const removeMs = 1_000;

export function createAnnouncementStatus<T extends Status>(
  options: AnnouncementStatusOptions<T>,
): AnnouncementStatus<T> {
  const { client, resource, isOwn, clock, log } = options;
  const informer = client.informer(resource);
  let wanted: ReadonlyMap<string, T> | undefined;
  const ends: (() => void)[] = [];
  let isStopped = false;

  const isAsWanted = (key: string): boolean => {
    if (wanted === undefined) return true;
    const [known, want] = [informer.get(key), wanted.get(key)];
    if (want === undefined) return known === undefined || !isOwn(known);
    return known !== undefined && sameJson(known.status, want.status);
  };

  const write = async (key: string): Promise<void> => {
    if (isAsWanted(key)) return;
    const [known, want] = [informer.get(key), wanted?.get(key)];
    if (known === undefined && want !== undefined) await create(want);
    if (want !== undefined) {
      const { status } = want;
      await client.patch(resource, nameOf(want), { body: { status }, subresource: 'status' });
    } else if (known !== undefined) {
      const { uid } = known.metadata;
      await client.delete(resource, nameOf(known), uid === undefined ? {} : { uid });
    }
  };

  const create = async ({ apiVersion, kind, metadata }: T): Promise<void> => {
    try {
      await client.create(resource, { apiVersion, kind, metadata } as T);
    } catch (error) {
      if (apiCode(error) !== 'api-already-exists') throw error;
    }
  };

  const reconciler = createReconciler({
    name: resource.singular,
    reconcile: (key) =>
      write(key).then(
        () => done,
        (error: unknown) => ({ kind: 'retry', why: messageOf(error) }),
      ),
    clock,
    log,
  });
  const lookAt = (key: string): void => {
    if (!isAsWanted(key)) reconciler.enqueueAfter(key, wanted?.has(key) === true ? gatherMs : removeMs);
  };
  const lookAtAll = (): void => {
    const keys = new Set([...(wanted?.keys() ?? []), ...[...informer.values()].map((one) => keyOf(one))]);
    for (const key of keys) lookAt(key);
  };
  const begin = async (): Promise<void> => {
    await informer.synced;
    if (isStopped) return;
    ends.push(informer.onChange(({ key }) => lookAt(key)));
    reconciler.start();
    lookAtAll();
  };
  void begin();

  return {
    set(objects) {
      wanted = new Map(objects.map((object) => [keyOf(object), object]));
      lookAtAll();
    },
    async stop() {
      isStopped = true;
      for (const end of ends) end();
      await reconciler.stop();
    },
  };
}

function nameOf({ metadata }: Status): { namespace: string; name: string } {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}
