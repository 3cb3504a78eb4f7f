import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetworkNamespaces } from '../../src/kernel/netns/real.ts';
import type { NetworkNamespaces } from '../../src/kernel/netns/port.ts';

/** A network namespace of this process' own, without anything in it. */
export interface BenchNamespace {
  readonly namespaces: NetworkNamespaces;
  readonly name: string;
  /** Where it can be entered. */
  readonly path: string;
  readonly remove: () => void;
}

export function createBenchNamespace(): BenchNamespace {
  const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const namespaces = createNetworkNamespaces({ directory });
  const name = 'node';
  namespaces.create(name);
  return {
    namespaces,
    name,
    path: join(directory, name),
    remove() {
      namespaces.delete(name);
      namespaces.close();
      rmSync(directory, { recursive: true });
    },
  };
}
