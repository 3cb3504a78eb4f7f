/** An interface of a pod, as its network-status annotation tells of it. */
export interface AttachedInterface {
  /** `namespace/name` of the network. */
  readonly network: string;
  readonly name: string;
  readonly mac: string;
  /** With their lengths. */
  readonly addresses: readonly string[];
}

/** The text of annotation `network-status` (Network Plumbing Working Group's specification, section 5); `ips` are those of `eth0`. */
export function statusOf(ips: readonly string[], attached: readonly AttachedInterface[]): string {
  const main = { name: 'weft', interface: 'eth0', ips, default: true, dns: {} };
  const others = attached.map(({ network, name, mac, addresses }) => ({
    name: network,
    interface: name,
    ips: addresses.map((address) => address.slice(0, address.indexOf('/'))),
    mac,
    dns: {},
  }));
  return JSON.stringify([main, ...others]);
}
