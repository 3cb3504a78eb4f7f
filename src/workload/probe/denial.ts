import type { Denial } from '../port.ts';

/** Where evidence of dropped packets comes from. */
export interface DenialSource {
  /** Calls back for every denial from now on; the returned function ends that. */
  subscribe(callback: (denial: Denial) => void): () => void;
  /** Resolves when packets dropped from now on are seen. Absent: they always are. */
  ready?(): Promise<void>;
}

const texts = ['node', 'pod', 'source', 'destination'] as const;
const ports = ['sourcePort', 'destinationPort'] as const;
const protocols: readonly unknown[] = ['TCP', 'UDP', 'SCTP', 'other'] satisfies Denial['protocol'][];

/** A `Denial` that came from another process; undefined when it is not one. */
export function decodeDenial(value: unknown): Denial | undefined {
  return isDenial(value) ? value : undefined;
}

function isDenial(value: unknown): value is Denial {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  const { policies, direction, protocol } = fields;
  return (
    texts.every((name) => typeof fields[name] === 'string') &&
    ports.every((name) => typeof fields[name] === 'number') &&
    (direction === 'ingress' || direction === 'egress') &&
    protocols.includes(protocol) &&
    Array.isArray(policies) &&
    policies.every((policy) => typeof policy === 'string')
  );
}
