/** A regular file of an archive. */
export interface TarFile {
  /** At most 100 bytes; relative. */
  readonly path: string;
  readonly body: Uint8Array;
  /** Seconds since the epoch. */
  readonly modified: number;
}

const block = 512;

/**
 * A file as a POSIX ustar archive holds it: header, body, filled up to whole blocks. Mode 0600, owned by nobody in
 * particular. Throws RangeError for a path that does not fit.
 */
export function tarEntry({ path, body, modified }: TarFile): Buffer {
  const header = Buffer.alloc(block);
  if (Buffer.byteLength(path) > 100) throw new RangeError(`${path} is too long for an archive`);
  // name 100, mode 8, uid 8, gid 8, size 12, mtime 12, checksum 8, type 1, link 100, magic 6, version 2.
  header.write(path, 0);
  header.write(octal(0o600, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(body.length, 12), 124);
  header.write(octal(modified, 12), 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\x00 `, 148);
  return Buffer.concat([header, body, Buffer.alloc((block - (body.length % block)) % block)]);
}

/** Two empty blocks end an archive. */
export const tarEnd: Buffer = Buffer.alloc(2 * block);

function octal(value: number, width: number): string {
  return `${Math.floor(value)
    .toString(8)
    .padStart(width - 1, '0')}\x00`;
}
