import dnsPacket, { type Answer, type DecodedPacket, type Packet, type RecordType } from 'dns-packet';
import { setTimeout as sleep } from 'node:timers/promises';
import { candidates } from '../../src/model/dns/pod-settings.ts';
import { parseResolvConf, type ResolverSettings } from '../../src/model/dns/resolv-conf.ts';
import type { Sockets } from '../../src/kernel/sockets/port.ts';

export interface DnsAnswer {
  readonly rcode: string;
  readonly truncated: boolean;
  readonly answers: readonly Answer[];
}

export interface Asker {
  readonly sockets: Sockets;
  /** Namespace to ask from. */
  readonly netns: string;
  readonly server: string;
}

/** A stub resolver's question, sent as packets from inside a namespace. Throws when nobody answers in time. */
export async function query(
  { sockets, netns, server }: Asker,
  name: string,
  { type = 'A', protocol = 'udp' }: { type?: RecordType; protocol?: 'udp' | 'tcp' } = {},
): Promise<DnsAnswer> {
  const id = Math.floor(Math.random() * 0xffff);
  const question: Packet = {
    id,
    type: 'query',
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ name, type }],
  };
  const fd = sockets.connect(netns, { protocol, address: server, port: 53 });
  const packet = protocol === 'udp' ? dnsPacket.encode(question) : dnsPacket.streamEncode(question);
  let isSent = false;
  let heard = Buffer.alloc(0);
  try {
    for (let waited = 0; waited < 2000; waited += 2) {
      isSent ||= sockets.send(fd, packet).kind === 'sent';
      const received = sockets.receive(fd);
      if (received.kind === 'failed') throw new Error(`${name}: ${received.errno}`);
      if (received.kind === 'data') heard = Buffer.concat([heard, received.data]);
      const decoded = decode(heard, protocol);
      if (decoded !== undefined) return answerOf(decoded, id);
      await sleep(2);
    }
    throw new Error(`nobody answered for ${name}`);
  } finally {
    sockets.close(fd, { reset: protocol === 'tcp' });
  }
}

/** Undefined until the message is complete. */
function decode(bytes: Buffer, protocol: 'udp' | 'tcp'): DecodedPacket | undefined {
  if (protocol === 'udp') return bytes.length === 0 ? undefined : dnsPacket.decode(bytes);
  const isWhole = bytes.length >= 2 && bytes.length >= bytes.readUInt16BE() + 2;
  return isWhole ? dnsPacket.decode(bytes.subarray(2)) : undefined;
}

function answerOf(packet: DecodedPacket, id: number): DnsAnswer {
  if (packet.id !== id) throw new Error('an answer to another question');
  // dns-packet decodes it, but its types do not have it.
  const { rcode } = packet as unknown as { rcode: string };
  return { rcode, truncated: packet.flag_tc, answers: packet.answers ?? [] };
}

/** Resolves a name as a libc does with this resolv.conf: its server, its search list. The addresses, sorted. */
export async function lookUp(
  asker: Omit<Asker, 'server'>,
  resolvConf: string,
  name: string,
): Promise<string[]> {
  const settings: ResolverSettings = parseResolvConf(resolvConf);
  const server = settings.nameservers[0] ?? '';
  for (const candidate of candidates(name, settings)) {
    const { answers } = await query({ ...asker, server }, candidate);
    const addresses = addressesOf(answers);
    if (addresses.length > 0) return addresses;
  }
  return [];
}

/** The addresses of a name, or the rcode where it has none; `silent` where nobody answers or can be asked. */
export async function addressesAt(
  asker: Asker,
  name: string,
  protocol: 'udp' | 'tcp' = 'udp',
): Promise<string> {
  try {
    const { rcode, answers } = await query(asker, name, { protocol });
    return addressesOf(answers).join(' ') || rcode;
  } catch {
    return 'silent';
  }
}

/** The addresses of A records, sorted. */
export function addressesOf(answers: readonly Answer[]): string[] {
  return answers
    .flatMap((answer) => (answer.type === 'A' ? [answer.data] : []))
    .toSorted((a, b) => a.localeCompare(b));
}
