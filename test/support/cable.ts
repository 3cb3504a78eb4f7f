import { createNftables } from '../../src/kernel/nft/nftables.ts';
import type { NetworkNamespaces } from '../../src/kernel/netns/port.ts';
import { segmentNetns } from '../../src/model/fabric/default-fabric.ts';

/** Cables of a lab's machines, at their switch. */
export interface Cables {
  /** Nothing gets through any more, in either direction; both ends stay up. */
  cut(machine: string): void;
  mend(): void;
  close(): void;
}

/** Cuts by rules of the switch: a cable that is taken away the fabric puts back. */
export function cablesOf(namespaces: NetworkNamespaces): Cables {
  const nft = createNftables({ namespaces });
  const netns = segmentNetns('default');
  const mend = (): void => nft.run(netns, 'add table bridge cut; delete table bridge cut');
  return {
    cut: (machine) =>
      nft.run(
        netns,
        `table bridge cut {
          chain from { type filter hook prerouting priority 0; iifname "${machine}" drop; }
          chain to { type filter hook forward priority 0; oifname "${machine}" drop; }
        }`,
      ),
    mend,
    close() {
      mend();
      nft.close();
    },
  };
}
