import { constants, createDeflate, createInflate } from 'node:zlib';
import { headerDictionary } from './dictionary.ts';

/** Names in lower case, as SPDY has them. */
export type SpdyHeaders = ReadonlyMap<string, string>;

/** Reads and writes the header blocks of one session, in order: each is compressed in view of those before it. */
export interface HeaderCodec {
  decode(block: Uint8Array): Promise<SpdyHeaders>;
  encode(headers: SpdyHeaders): Promise<Buffer>;
  close(): void;
}

/** A few short words are all that anybody sends here. */
const longestHeaders = 64 * 1024;

export function createHeaderCodec(): HeaderCodec {
  const inflate = createInflate({ dictionary: headerDictionary });
  const deflate = createDeflate({ dictionary: headerDictionary });
  // Whoever waits for a block is told; what breaks afterwards concerns a session that is over.
  for (const codec of [inflate, deflate]) codec.on('error', () => {});
  return {
    decode: async (block) => parse(await through(inflate, block)),
    encode: (headers) => through(deflate, format(headers)),
    close() {
      inflate.close();
      deflate.close();
    },
  };
}

/** What a compressor makes of one block, up to its last byte. Rejects for what is no such data, or too much of it. */
function through(
  codec: ReturnType<typeof createInflate | typeof createDeflate>,
  block: Uint8Array,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const take = (piece: Buffer): void => {
      pieces.push(piece);
      size += piece.length;
      if (size > longestHeaders) finish(new RangeError('the headers are too long'));
    };
    const finish = (error?: Error): void => {
      codec.off('data', take).off('error', finish);
      if (error === undefined) resolve(Buffer.concat(pieces));
      else reject(error);
    };
    codec.on('data', take).once('error', finish);
    codec.write(block);
    codec.flush(constants.Z_SYNC_FLUSH, () => finish());
  });
}

/** A count, then names and values, each with its length: all of four bytes. */
function parse(block: Buffer): SpdyHeaders {
  const headers = new Map<string, string>();
  let at = 4;
  const text = (): string => {
    const from = at + 4;
    at = from + block.readUInt32BE(at);
    if (at > block.length) throw new RangeError('a header is longer than its block');
    return block.toString('utf8', from, at);
  };
  for (let left = block.readUInt32BE(0); left > 0; left--) {
    const name = text();
    headers.set(name, text());
  }
  return headers;
}

function format(headers: SpdyHeaders): Buffer {
  const pieces = [lengthOf(headers.size)];
  for (const text of [...headers].flat()) {
    const bytes = Buffer.from(text);
    pieces.push(lengthOf(bytes.length), bytes);
  }
  return Buffer.concat(pieces);
}

function lengthOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
