/** Numbers of IANA's registry of protocols, by the names nft prints. */
const numbers: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['tcp', 6],
  ['udp', 17],
  ['dccp', 33],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['icmpv6', 58],
  ['comp', 108],
  ['sctp', 132],
  ['udplite', 136],
]);

const names: ReadonlyMap<number, string> = new Map([...numbers].map(([name, number]) => [number, name]));

/** 6 for `tcp`; undefined for a name not listed. */
export function protocolNumber(name: string): number | undefined {
  return numbers.get(name);
}

/** `tcp` for 6; undefined for a number not listed. */
export function protocolName(number: number): string | undefined {
  return names.get(number);
}
