import type { NetworkNamespaces } from '../netns/port.ts';
import type { Drift, DriftWatch } from './port.ts';

/** A watch whose test says what drifts. */
export interface FakeDriftWatch extends DriftWatch {
  /** As if somebody else had changed something; nobody is told of namespaces that are not watched. */
  drift(drift: Drift): void;
}

/** With `namespaces`, names that are not there throw as in the real adapter; without, any name is good. */
export function createFakeDriftWatch(
  dependencies: { readonly namespaces?: Pick<NetworkNamespaces, 'open'> } = {},
): FakeDriftWatch {
  const watched = new Map<string, ReadonlySet<Drift['of']>>();
  let callback: (drift: Drift) => void = () => {};
  return {
    watch(namespace, of) {
      dependencies.namespaces?.open(namespace);
      watched.set(namespace, new Set(of).union(watched.get(namespace) ?? new Set()));
    },
    onDrift(listener) {
      callback = listener;
    },
    forget: (namespace) => void watched.delete(namespace),
    close: () => watched.clear(),
    drift(drift) {
      if (watched.get(drift.namespace)?.has(drift.of) === true) queueMicrotask(() => callback(drift));
    },
  };
}
