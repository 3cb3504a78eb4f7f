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
  const watched = new Map<string, boolean>();
  let callback: (drift: Drift) => void = () => {};
  return {
    watch(namespace, { peers = false } = {}) {
      dependencies.namespaces?.open(namespace);
      if (!watched.has(namespace)) watched.set(namespace, peers);
    },
    onDrift(listener) {
      callback = listener;
    },
    forget: (namespace) => void watched.delete(namespace),
    close: () => watched.clear(),
    drift(drift) {
      const peers = watched.get(drift.namespace);
      if (peers !== undefined && (drift.of !== 'peers' || peers)) queueMicrotask(() => callback(drift));
    },
  };
}
