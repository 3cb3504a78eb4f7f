import type { Nftables } from '../kernel/nft/port.ts';
import type { Machine } from '../model/fabric/machines.ts';
import { translationSkeleton, translationTables } from '../plan/fabric/translation.ts';

/** The packet rules of machines that put their own address in place of others' (NAT). */
export interface Translation {
  /** Lays out what is missing; cost proportional to what changed. Returns how many machines' rules changed. */
  apply(machines: readonly Machine[]): number;
  /** What was laid out may be gone: the next `apply` compares. */
  distrust(): void;
  /** Before the machine's namespace is deleted. */
  forget(netns: string): void;
}

export function createTranslation(nft: Nftables): Translation {
  /** What was laid out, by pin: the skeleton, and what its rules looked like then. */
  const known = new Map<string, { readonly skeleton: string; digest: string; isTrusted: boolean }>();

  const digestOf = (netns: string): string =>
    translationTables.map((table) => nft.rulesDigest(netns, table)).join();

  return {
    apply(machines) {
      let changes = 0;
      for (const { netns, masquerades = [] } of machines) {
        const before = known.get(netns);
        if (masquerades.length === 0 && before === undefined) continue;
        const skeleton = translationSkeleton(masquerades);
        if (before?.skeleton === skeleton) {
          if (before.isTrusted) continue;
          before.isTrusted = true;
          if (before.digest === digestOf(netns)) continue;
        }
        nft.run(netns, skeleton);
        known.set(netns, { skeleton, digest: digestOf(netns), isTrusted: true });
        changes++;
      }
      return changes;
    },
    distrust() {
      for (const one of known.values()) one.isTrusted = false;
    },
    forget(netns) {
      if (known.delete(netns)) nft.forget(netns);
    },
  };
}
