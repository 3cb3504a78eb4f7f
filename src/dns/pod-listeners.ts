import { WeftError, messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Listener, PodServer, PodServing } from '../workload/port.ts';
import type { OpenListener } from './listener.ts';

export interface PodListenersOptions {
  /** Opens one listener inside the namespace; throws like `Sockets.listen`. */
  readonly open: (netns: string, listener: Listener) => OpenListener;
  /** Nobody needs the namespace any more. */
  readonly release: (netns: string) => void;
  readonly log: Log;
}

export interface PodListeners extends PodServer {
  close(): Promise<void>;
}

interface ServedPod {
  serving: PodServing;
  readonly open: Map<string, { readonly listener: Listener; readonly handle: OpenListener }>;
}

/** Keeps the listeners of each pod as it was told last. */
export function createPodListeners({ open, release, log }: PodListenersOptions): PodListeners {
  const pods = new Map<string, ServedPod>();

  // Up to the first await all happens at once, so that calls for one pod cannot overtake each other.
  async function unserve(uid: string): Promise<void> {
    const pod = pods.get(uid);
    pods.delete(uid);
    if (pod === undefined) return;
    await Promise.all([...pod.open.values()].map(({ handle }) => handle.close()));
    release(pod.serving.netns);
  }

  function openMissing(pod: ServedPod): unknown[] {
    const failures: unknown[] = [];
    for (const listener of pod.serving.listeners) {
      if (pod.open.has(keyOf(listener))) continue;
      try {
        pod.open.set(keyOf(listener), { listener, handle: open(pod.serving.netns, listener) });
      } catch (thrown) {
        log.warn(
          { pod: pod.serving.pod, listener: keyOf(listener), error: messageOf(thrown) },
          'the DNS server cannot listen',
        );
        failures.push(thrown);
      }
    }
    return failures;
  }

  async function serve(serving: PodServing): Promise<Listener[]> {
    const moved = pods.get(serving.uid)?.serving.netns !== serving.netns;
    const closing = moved ? [unserve(serving.uid)] : [];
    const pod = pods.get(serving.uid) ?? { serving, open: new Map() };
    pods.set(serving.uid, pod);
    pod.serving = serving;
    const wanted = new Set(serving.listeners.map(keyOf));
    for (const [key, { handle }] of pod.open) {
      if (wanted.has(key)) continue;
      pod.open.delete(key);
      closing.push(handle.close());
    }
    const failures = openMissing(pod);
    const bound = [...pod.open.values()].map(({ listener }) => listener);
    await Promise.all(closing);
    if (failures.length > 0) throw failureOf(serving, failures);
    return bound;
  }

  return {
    serve,
    unserve,
    list: () => [...pods.values()].map(({ serving }) => serving),
    async close() {
      await Promise.all([...pods.keys()].map(unserve));
    },
  };
}

const keyOf = ({ protocol, port }: Listener): string => `${protocol} ${port}`;

function failureOf({ pod }: PodServing, failures: readonly unknown[]): WeftError {
  const [first] = failures;
  const code = first instanceof WeftError ? first.code : 'dns-listen-failed';
  return new WeftError(code, `${pod}: ${failures.map(messageOf).join('; ')}`, { cause: first });
}
