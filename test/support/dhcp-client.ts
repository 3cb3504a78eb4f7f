/** A DHCP client's side of the wire, written by itself: what servers say is read and told as a client would. */

export interface ClientMessage {
  readonly type: number;
  readonly transaction: number;
  readonly mac: string;
  readonly ciaddr?: string;
  readonly giaddr?: string;
  readonly isBroadcast?: boolean;
  /** By code. */
  readonly options?: Readonly<Record<number, Uint8Array>>;
}

const cookie = [0x63, 0x82, 0x53, 0x63];

export const addressOf = (text: string): Uint8Array => Uint8Array.from(text.split('.').map(Number));
const textOf = (bytes: Uint8Array): string => [...bytes].join('.');

export function clientMessage(message: ClientMessage): Buffer {
  const { type, transaction, mac, ciaddr, giaddr, isBroadcast = false, options = {} } = message;
  const head = Buffer.alloc(236);
  head.set([1, 1, 6, 0]);
  head.writeUInt32BE(transaction, 4);
  head.writeUInt16BE(isBroadcast ? 0x8000 : 0, 10);
  if (ciaddr !== undefined) head.set(addressOf(ciaddr), 12);
  if (giaddr !== undefined) head.set(addressOf(giaddr), 24);
  head.set(Buffer.from(mac.replaceAll(':', ''), 'hex'), 28);
  const all = Object.entries({ 53: Uint8Array.of(type), ...options });
  const parts = all.map(([code, value]) => Buffer.from([Number(code), value.length, ...value]));
  return Buffer.concat([head, Buffer.from(cookie), ...parts, Buffer.from([255])]);
}

export interface ServerMessage {
  readonly type: number | undefined;
  readonly transaction: number;
  readonly yiaddr: string;
  readonly server: string | undefined;
  readonly lease: number | undefined;
  /** By code. */
  readonly options: ReadonlyMap<number, Buffer>;
}

export function serverMessage(bytes: Uint8Array): ServerMessage {
  const data = Buffer.from(bytes);
  const options = new Map<number, Buffer>();
  for (let at = 240; at < data.length && data[at] !== 255;) {
    const [code = 0, length = 0] = data.subarray(at, at + 2);
    if (code !== 0) options.set(code, data.subarray(at + 2, at + 2 + length));
    at += code === 0 ? 1 : 2 + length;
  }
  const server = options.get(54);
  return {
    type: options.get(53)?.[0],
    transaction: data.readUInt32BE(4),
    yiaddr: textOf(data.subarray(16, 20)),
    server: server && textOf(server),
    lease: options.get(51)?.readUInt32BE(),
    options,
  };
}
