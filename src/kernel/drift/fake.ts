import type { Drift, DriftWatch } from './port.ts';

/** A watch whose test says what drifts. */
export interface FakeDriftWatch extends DriftWatch {
  /** As if somebody else had changed something; nobody is told of namespaces that are not watched. */
  drift(drift: Drift): void;
}

export function createFakeDriftWatch(): FakeDriftWatch {
  const watched = new Set<string>();
  let callback: (drift: Drift) => void = () => {};
  return {
    watch: (namespace) => void watched.add(namespace),
    onDrift(listener) {
      callback = listener;
    },
    forget: (namespace) => void watched.delete(namespace),
    close: () => watched.clear(),
    drift(drift) {
      if (watched.has(drift.namespace)) callback(drift);
    },
  };
}
