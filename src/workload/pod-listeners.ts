import { WeftError, messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Listener, PodServer, PodServing } from './port.ts';

/** A listener that is open. */
export interface OpenListener {
  /** Ends it and its connections. Its port is free at once; the promise waits for the clean-up. */
  close(): Promise<void>;
}

/** The same from the pod's first listener to its last. */
export interface ServedPod {
  /** As it was told last. */
  readonly serving: PodServing;
}

export interface PodListenersOptions {
  /** Opens one listener inside the pod's namespace; throws like `Sockets.listen`. */
  readonly open: (pod: ServedPod, listener: Listener) => OpenListener;
  /** All listeners of a pod are about to be closed. */
  readonly ending?: (pod: ServedPod) => void;
  /** They are, and nobody needs its namespace any more. */
  readonly ended: (pod: ServedPod) => void;
  /** Who cannot listen, in the log, and the code of that error where it has none. */
  readonly who: string;
  readonly failure: string;
  readonly log: Log;
}

export interface PodListeners extends PodServer {
  /** Ends every listener and connection. */
  close(): Promise<void>;
}

interface KnownPod extends ServedPod {
  serving: PodServing;
  readonly open: Map<string, { readonly listener: Listener; readonly handle: OpenListener }>;
}

/** Keeps the listeners of each pod as it was told last. `serve` throws like `open`. */
export function createPodListeners(options: PodListenersOptions): PodListeners {
  const { open, who, failure, log } = options;
  const pods = new Map<string, KnownPod>();

  // Everything up to the first await happens at once, so calls for one pod cannot overtake each other.
  async function unserve(uid: string): Promise<void> {
    const pod = pods.get(uid);
    pods.delete(uid);
    if (pod === undefined) return;
    options.ending?.(pod);
    await Promise.all([...pod.open.values()].map(({ handle }) => handle.close()));
    options.ended(pod);
  }

  function openMissing(pod: KnownPod, wanted: ReadonlyMap<string, Listener>): unknown[] {
    const failures: unknown[] = [];
    for (const [key, listener] of wanted) {
      if (pod.open.has(key)) continue;
      try {
        pod.open.set(key, { listener, handle: open(pod, listener) });
      } catch (thrown) {
        const { pod: name } = pod.serving;
        log.warn({ pod: name, listener: key, error: messageOf(thrown) }, `${who} cannot listen`);
        failures.push(thrown);
      }
    }
    return failures;
  }

  function failureOf({ pod }: PodServing, failures: readonly unknown[]): WeftError {
    const [first] = failures;
    const code = first instanceof WeftError ? first.code : failure;
    return new WeftError(code, `${pod}: ${failures.map(messageOf).join('; ')}`, { cause: first });
  }

  return {
    async serve(serving) {
      const known = pods.get(serving.uid);
      const moved = known !== undefined && !isSamePlace(known.serving, serving);
      const closing = moved ? [unserve(serving.uid)] : [];
      const pod = pods.get(serving.uid) ?? { serving, open: new Map() };
      pods.set(serving.uid, pod);
      pod.serving = serving;
      const wanted = new Map(serving.listeners.map((listener) => [keyOf(listener), listener]));
      for (const [key, { handle }] of pod.open) {
        if (wanted.has(key)) continue;
        pod.open.delete(key);
        closing.push(handle.close());
      }
      const failures = openMissing(pod, wanted);
      const bound = [...pod.open.values()].map(({ listener }) => listener);
      await Promise.all(closing);
      if (failures.length > 0) throw failureOf(serving, failures);
      return bound;
    },
    unserve,
    list: () => [...pods.values()].map(({ serving }) => serving),
    async close() {
      await Promise.all([...pods.keys()].map(unserve));
    },
  };
}

const isSamePlace = (one: PodServing, other: PodServing): boolean =>
  one.netns === other.netns && one.hasSeveralAddresses === other.hasSeveralAddresses;

function keyOf({ protocol, port, forwardTo }: Listener): string {
  const to = forwardTo === undefined ? '' : ` to ${forwardTo.addresses.join()} ${forwardTo.port}`;
  return `${protocol} ${port}${to}`;
}
