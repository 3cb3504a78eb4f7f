import { formatMac, macBytes } from '../ethernet/frame.ts';
import { ipv4Bytes, ipv4Text } from '../ipv4.ts';

/** DHCP message types (RFC 2132 section 9.6). */
const dhcpTypes = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  acknowledge: 5,
  refuse: 6,
  release: 7,
  inform: 8,
} as const;
/** Those that clients send. */
const clientTypes = ['discover', 'request', 'decline', 'release', 'inform'] as const;
type ClientType = (typeof clientTypes)[number];

export const dhcpPorts = { server: 67, client: 68 } as const;

/** What a client on Ethernet says (RFC 2131 section 2). Addresses that it leaves out are 0.0.0.0. */
export interface DhcpRequest {
  readonly type: ClientType;
  /** Chosen by the client; answers repeat it. */
  readonly transaction: number;
  /** The client cannot take frames for an address that it does not have yet. */
  readonly isBroadcast: boolean;
  /** `ciaddr`: the address that it has and answers at. */
  readonly clientAddress: string;
  /** `giaddr`: whoever passed it on from another network. */
  readonly relayAddress: string;
  readonly mac: string;
  /** Option 50; undefined where it asks for none. */
  readonly requestedAddress: string | undefined;
  /** Option 54: the server that it has chosen. */
  readonly server: string | undefined;
  /** Option 61 in hexadecimal: who it is, where it is not its link-layer address that says so. */
  readonly identifier: string | undefined;
}

/** What a server answers. */
export interface DhcpReply {
  readonly type: 'offer' | 'acknowledge' | 'refuse';
  /** What it answers. */
  readonly to: DhcpRequest;
  readonly server: string;
  /** `yiaddr`; absent where the client is given none. */
  readonly address?: string;
  /** Seconds; for ever with `endless`. Absent where no lease is given. */
  readonly lease?: number;
  /** CIDR of what is on the link: its mask and broadcast address are told. */
  readonly prefix?: string;
  readonly router?: string;
}

/** A lease that does not end (RFC 2131 section 3.3). */
export const endless = 0xffff_ffff;

const none = '0.0.0.0';
const headSize = 236;
const cookie = 0x6382_5363;
const ethernet = 1;
const operations = { request: 1, reply: 2 } as const;
const broadcastFlag = 0x8000;
const options = {
  pad: 0,
  mask: 1,
  router: 3,
  broadcast: 28,
  requestedAddress: 50,
  lease: 51,
  type: 53,
  server: 54,
  renewal: 58,
  rebinding: 59,
  identifier: 61,
  end: 255,
} as const;
/** Relays of old drop what is shorter (RFC 1542 section 2.1). */
const leastSize = 300;

const typeNames = new Map<number | undefined, ClientType>(clientTypes.map((name) => [dhcpTypes[name], name]));

/**
 *      0 operation u8 | 1 hardware u8 | 2 length u8 | 3 hops u8 | 4 transaction u32 | 8 seconds u16 | 10 flags u16
 *     12 ciaddr[4] | 16 yiaddr[4] | 20 siaddr[4] | 24 giaddr[4] | 28 chaddr[16] | 44 name[64] | 108 file[128]
 *    236 cookie u32 | 240 options: code u8, length u8, value
 *
 * Undefined for answers, for what is not of Ethernet, is no DHCP (BOOTP), or is cut short. Options that continue in the fields
 * of names (RFC 2132 section 9.3) are not looked for there: they are about booting.
 */
export function decodeDhcp(bytes: Uint8Array): DhcpRequest | undefined {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isOfClient(data)) return undefined;
  const found = optionsOf(data.subarray(headSize + 4));
  const type = found && typeNames.get(found.get(options.type)?.[0]);
  if (found === undefined || type === undefined) return undefined;
  return {
    type,
    transaction: data.readUInt32BE(4),
    isBroadcast: (data.readUInt16BE(10) & broadcastFlag) !== 0,
    clientAddress: ipv4Text(data.subarray(12, 16)) ?? none,
    relayAddress: ipv4Text(data.subarray(24, 28)) ?? none,
    mac: formatMac(data.subarray(28, 34)),
    requestedAddress: ipv4Text(found.get(options.requestedAddress)),
    server: ipv4Text(found.get(options.server)),
    identifier: found.get(options.identifier)?.toString('hex'),
  };
}

function isOfClient(data: Buffer): boolean {
  if (data.length < headSize + 4 || data.readUInt32BE(headSize) !== cookie) return false;
  return data[0] === operations.request && data[1] === ethernet && data[2] === 6;
}

/** By code; parts of one option are one value (RFC 3396). Undefined where a length leads beyond the end. */
function optionsOf(data: Buffer): Map<number, Buffer> | undefined {
  const found = new Map<number, Buffer>();
  for (let at = 0; at < data.length;) {
    const code = data[at++] ?? options.end;
    if (code === options.end) return found;
    if (code === options.pad) continue;
    const length = data[at++];
    if (length === undefined || at + length > data.length) return undefined;
    const before = found.get(code) ?? Buffer.alloc(0);
    found.set(code, Buffer.concat([before, data.subarray(at, at + length)]));
    at += length;
  }
  return found;
}

/** The message of a server, for UDP. */
export function encodeDhcp(reply: DhcpReply): Uint8Array {
  const { type, to, server, address = none, lease, prefix, router } = reply;
  const head = Buffer.alloc(headSize + 4);
  head.set([operations.reply, ethernet, 6, 0], 0);
  head.writeUInt32BE(to.transaction, 4);
  head.writeUInt16BE(to.isBroadcast ? broadcastFlag : 0, 10);
  if (type === 'acknowledge') head.set(ipv4Bytes(to.clientAddress), 12);
  head.set(ipv4Bytes(address), 16);
  head.set(ipv4Bytes(to.relayAddress), 24);
  head.set(macBytes(to.mac), 28);
  head.writeUInt32BE(cookie, headSize);
  const optional = (code: number, value: Uint8Array | undefined): Buffer[] =>
    value === undefined ? [] : [Buffer.from([code, value.length]), Buffer.from(value)];
  const bytes = Buffer.concat([
    head,
    ...optional(options.type, Uint8Array.of(dhcpTypes[type])),
    ...optional(options.server, ipv4Bytes(server)),
    ...optional(options.lease, seconds(lease)),
    ...optional(options.renewal, seconds(partOf(lease, 1 / 2))),
    ...optional(options.rebinding, seconds(partOf(lease, 7 / 8))),
    ...optional(options.mask, prefix === undefined ? undefined : maskOf(prefix)),
    ...optional(options.router, router === undefined ? undefined : ipv4Bytes(router)),
    ...optional(options.broadcast, prefix === undefined ? undefined : broadcastOf(prefix)),
    Buffer.from([options.end]),
  ]);
  return Buffer.concat([bytes, Buffer.alloc(Math.max(0, leastSize - bytes.length))]);
}

/** When to ask again (RFC 2131 section 4.4.5); never for an endless lease. */
function partOf(lease: number | undefined, part: number): number | undefined {
  return lease === undefined || lease === endless ? undefined : Math.floor(lease * part);
}

function seconds(value: number | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function maskOf(text: string): Uint8Array {
  const [, length = 32] = text.split('/').map(Number);
  const bytes = Buffer.alloc(4);
  // Shifts count modulo 32.
  bytes.writeUInt32BE(length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0);
  return bytes;
}

function broadcastOf(text: string): Uint8Array {
  const [mask, network] = [maskOf(text), ipv4Bytes(text.slice(0, text.indexOf('/')))];
  return network.map((octet, index) => octet | (~(mask[index] ?? 0) & 0xff));
}
