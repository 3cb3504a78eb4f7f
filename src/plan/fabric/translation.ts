import { families } from '../../lib/address.ts';
import { nftWord } from '../families.ts';

/** The tables of a machine that masquerades, one per address family. */
export const translationTables = families.map((family) => ({
  family: nftWord[family],
  table: 'weft-translation',
}));

/**
 * What leaves by one of the links has its address; without links the tables go. Their names are letters, digits, dots,
 * dashes and underscores. What answers a flow that the machine has not seen cannot be given the address that it was asked
 * at, and goes no further, as at a cloud's firewalls. On a node this comes before the rules of Services, which know of one address of the node: the
 * first translation of a connection is the only one.
 */
export function translationSkeleton(links: readonly string[]): string {
  return translationTables
    .map(({ family, table }) => {
      const fresh = `table ${family} ${table}\ndelete table ${family} ${table}\n`;
      if (links.length === 0) return fresh;
      const leaving = `oifname { ${links.map((link) => `"${link}"`).join(', ')} }`;
      return `${fresh}table ${family} ${table} {
  chain forward {
    type filter hook forward priority 0; policy accept;
    ${leaving} ct state invalid drop
    ${leaving} ct state new tcp flags & (fin | syn | rst | ack) != syn drop
  }
  chain postrouting {
    type nat hook postrouting priority 99; policy accept;
    ${leaving} masquerade
  }
}
`;
    })
    .join('');
}
