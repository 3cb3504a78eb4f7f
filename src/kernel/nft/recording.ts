import type { FakeNftables } from './fake.ts';
import type { NftElementChange, Nftables } from './port.ts';
import { WeftError } from '../../lib/errors.ts';

/** What the kernel took, and a way to make it refuse. */
export interface Recorded extends Nftables {
  readonly runs: string[];
  readonly batches: (readonly NftElementChange[])[];
  refuse: boolean;
}

export function recording(nft: FakeNftables): Recorded {
  const recorded: Recorded = {
    runs: [],
    batches: [],
    refuse: false,
    run(namespace, commands) {
      recorded.runs.push(commands);
      nft.run(namespace, commands);
    },
    change(namespace, changes) {
      if (recorded.refuse) throw new WeftError('nft-rejected', 'no memory');
      nft.change(namespace, changes);
      recorded.batches.push(changes);
    },
    elements: (namespace, name, type) => nft.elements(namespace, name, type),
    holds: (namespace, name, type, wanted) => nft.holds(namespace, name, type, wanted),
    rulesDigest: (namespace, name) => nft.rulesDigest(namespace, name),
    generation: (namespace) => nft.generation(namespace),
    tables: (namespace, family) => nft.tables(namespace, family),
    forget: (namespace) => nft.forget(namespace),
    close: () => nft.close(),
  };
  return recorded;
}
