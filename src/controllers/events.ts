import { resources } from '../api/resources.ts';
import type { CoreEvent } from '../api/types/core.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { Client } from '../client/port.ts';
import { apiCode } from '../client/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import { shortHash } from '../lib/hash.ts';
import type { Log } from '../lib/log.ts';
import { timestamp } from '../lib/timestamp.ts';

/** Tells people, by `kubectl describe`, what happens to an object. */
export interface EventRecorder {
  /** Returns at once. The same reason and message for the same object counts up one Event. */
  warn(object: KubernetesObject, reason: string, message: string): void;
  /** The same, of what is as it should be. */
  note(object: KubernetesObject, reason: string, message: string): void;
}

export interface EventOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  /** Who tells: `weft-controllers`. */
  readonly component: string;
}

/** Events whose count is remembered; older ones start a new Event. */
const remembered = 1000;

/** An Event that cannot be written is logged and forgotten: nothing depends on it. */
export function createEventRecorder(options: EventOptions): EventRecorder {
  const counts = new Map<string, number>();
  const record = (object: KubernetesObject, told: Told): void => {
    const { reason, message } = told;
    const id = `${object.metadata.uid} ${reason} ${message}`;
    const count = (counts.get(id) ?? 0) + 1;
    counts.delete(id);
    counts.set(id, count);
    if (counts.size > remembered) counts.delete(counts.keys().next().value ?? '');
    write(options, eventOf(options, object, { ...told, count })).catch((thrown: unknown) => {
      options.log.debug({ reason, message, why: messageOf(thrown) }, 'an Event was not written');
    });
  };
  return {
    warn: (object, reason, message) => record(object, { type: 'Warning', reason, message }),
    note: (object, reason, message) => record(object, { type: 'Normal', reason, message }),
  };
}

type Told = Pick<CoreEvent, 'type' | 'reason' | 'message'>;

async function write({ client }: EventOptions, event: CoreEvent): Promise<void> {
  const { count = 1, lastTimestamp } = event;
  if (count > 1) {
    const { name, namespace = 'default' } = event.metadata;
    try {
      await client.patch(resources.events, { namespace, name }, { body: { count, lastTimestamp } });
      return;
    } catch (thrown) {
      if (apiCode(thrown) !== 'api-not-found') throw thrown;
    }
  }
  await client.create(resources.events, event);
}

function eventOf(
  { clock, component }: EventOptions,
  object: KubernetesObject,
  { type, reason, message, count }: Told & { count: number },
): CoreEvent {
  const { name, namespace, uid = '' } = object.metadata;
  const now = timestamp(clock.now());
  return {
    apiVersion: 'v1',
    kind: 'Event',
    // Events about objects without a namespace are in `default`, where kubectl looks for them.
    metadata: {
      name: `${name}.${shortHash(`${uid} ${reason} ${message}`)}`,
      namespace: namespace ?? 'default',
    },
    involvedObject: {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
    },
    reason,
    message,
    type,
    count,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component },
  };
}
