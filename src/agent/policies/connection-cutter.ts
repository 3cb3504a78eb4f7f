import type { Protocol } from '../../api/types/meta.ts';
import { parseAddress } from '../../lib/address.ts';
import type { ConntrackEntry } from '../../kernel/conntrack/port.ts';
import { permits } from '../../model/policy/permits.ts';
import type { PodPolicy } from '../../model/policy/port.ts';
import { cutMark } from '../../plan/policy/skeleton.ts';
import { scanConnections, type TrackedNode } from '../connections.ts';

/** What the cutter asks about addresses. */
export interface AddressDirectory {
  /** The allowances of this node's pod at an address; undefined when none of its pods has it. */
  localPolicy(address: string): PodPolicy | undefined;
  /** Peer class of whichever pod of the cluster has the address; 0 when none. */
  classAt(address: string): number;
  /** Whether it is one of the node's own addresses. */
  isResident(address: string): boolean;
  /**
   * Whether the client, a pod of the node, could connect if the server still had the domain names that it had: such
   * connections go on when the names have other addresses.
   */
  wasNamed(ends: { client: string; server: string; protocol: Protocol; port: number }): boolean;
}

/**
 * Holds established connections to the policies of now: a connection that they deny gets the cut mark, which
 * the rules drop in both directions; one that they allow again loses it. The entry itself stays, for without it
 * the server's next segment would open a new one the other way round. Only connections of `addresses` are judged.
 * Step by step, for there may be very many: each judges some by the policies of its own time, and says how many entries it
 * changed. Connections that begin after the first step meet the rules themselves.
 */
export function* cutConnections(
  { directory, ...node }: TrackedNode & { readonly directory: AddressDirectory },
  addresses: ReadonlySet<string>,
): Generator<number, void> {
  const { conntrack, netns } = node;
  let [denied, allowed]: [ConntrackEntry[], ConntrackEntry[]] = [[], []];
  const mark = (): number => {
    const changed =
      conntrack.setMarks(netns, denied, { value: cutMark, mask: cutMark }) +
      conntrack.setMarks(netns, allowed, { value: 0, mask: cutMark });
    [denied, allowed] = [[], []];
    return changed;
  };
  let looked = 0;
  for (const entry of scanConnections(node)) {
    if (++looked % stepSize === 0) yield mark();
    if (!addresses.has(entry.original.source) && !addresses.has(entry.reply.source)) continue;
    const isNowDenied = isDenied(entry, directory);
    if (isNowDenied !== ((entry.mark & cutMark) !== 0)) (isNowDenied ? denied : allowed).push(entry);
  }
  yield mark();
}

/** Connections that are looked at in one step: two or three milliseconds, if all of them change. */
const stepSize = 256;

function isDenied(entry: ConntrackEntry, directory: AddressDirectory): boolean {
  const protocol = policyProtocols[entry.protocol];
  if (protocol === undefined) return false;
  // The reply shows both ends as the server knows them: itself after DNAT, the client after masquerading.
  const client = entry.original.source;
  const { source: server, destination: clientSeen, sourcePort: port } = entry.reply;
  if (client === server) return false;
  const sender = directory.localPolicy(client);
  if (sender !== undefined && !directory.isResident(server)) {
    const isPermitted = permits(sender.egress, peerAt(server, directory), { protocol, port });
    if (!isPermitted && !directory.wasNamed({ client, server, protocol, port })) return true;
  }
  const receiver = directory.localPolicy(server);
  if (receiver === undefined || directory.isResident(clientSeen)) return false;
  return !permits(receiver.ingress, peerAt(clientSeen, directory), { protocol, port });
}

const policyProtocols: Readonly<Record<ConntrackEntry['protocol'], Protocol | undefined>> = {
  tcp: 'TCP',
  udp: 'UDP',
  sctp: 'SCTP',
  icmp: undefined,
  other: undefined,
};

function peerAt(text: string, directory: AddressDirectory): Parameters<typeof permits>[1] {
  return { address: parseAddress(text) ?? { family: 'IPv4', value: 0n }, peerClass: directory.classAt(text) };
}
