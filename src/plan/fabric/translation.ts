import { families } from '../../lib/address.ts';
import { nftWord } from '../families.ts';

/** The tables of a machine that masquerades, one per address family. */
export const translationTables = families.map((family) => ({
  family: nftWord[family],
  table: 'weft-translation',
}));

/**
 * What leaves by one of the links has its address; without links the tables go. Their names are letters, digits, dots,
 * dashes and underscores. On a node this comes before the rules of Services, which know of one address of the node: the
 * first translation of a connection is the only one.
 */
export function translationSkeleton(links: readonly string[]): string {
  return translationTables
    .map(({ family, table }) => {
      const fresh = `table ${family} ${table}\ndelete table ${family} ${table}\n`;
      if (links.length === 0) return fresh;
      return `${fresh}table ${family} ${table} {
  chain postrouting {
    type nat hook postrouting priority 99; policy accept;
    oifname { ${links.map((link) => `"${link}"`).join(', ')} } masquerade
  }
}
`;
    })
    .join('');
}
