import { NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6 } from '../../wire/nfnetlink/header.ts';
import type { NftFamily, NftSetName } from './port.ts';

/** The kernel's numbers of the families. */
export const familyNumbers = {
  ip: NFPROTO_IPV4,
  ip6: NFPROTO_IPV6,
  inet: NFPROTO_INET,
} as const satisfies Record<NftFamily, number>;

/** `inet weft-policy pods`, as nft writes it. */
export function setNameText({ family, table, set }: NftSetName): string {
  return `${family} ${table} ${set}`;
}
