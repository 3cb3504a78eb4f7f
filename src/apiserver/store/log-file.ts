import { fstatSync, readSync, writeSync } from 'node:fs';

/**
 * The file of SQLite's write-ahead log: a header, and frames that carry the header's salts. Where one does not, the log
 * ends, whatever follows (https://sqlite.org/fileformat2.html, section 4).
 */
export interface LogFile {
  /** Bytes up to the end of its last frame; 0 while there is no header. */
  length(): number;
  /** Takes the header away: what follows is nothing from then on, and its blocks stay with the file. */
  empty(): void;
  /** Whether something was written since it was emptied. */
  isBegun(): boolean;
  /**
   * Makes the file longer by a piece of zeros, up to so many bytes; false when there is nothing to do. To write where a
   * file has its blocks takes one wait for the disk; where it has none, the file system waits for a journal of its own.
   */
  reserve(bytes: number): boolean;
}

const headerBytes = 32;
const frameHeaderBytes = 24;
const zeros = Buffer.alloc(256 * 1024);

/** Over a file that is open for reading and writing. */
export function createLogFile(fd: number): LogFile {
  let header = readHeader(fd);
  /** Where the frames end that are known. */
  let end = headerBytes;
  let isFull = false;

  const isBegun = (): boolean => {
    header ??= readHeader(fd);
    return header !== undefined;
  };
  return {
    length() {
      if (!isBegun() || header === undefined) return 0;
      while (isFrameAt(fd, end, header.salts)) end += frameHeaderBytes + header.pageBytes;
      return end;
    },
    empty() {
      writeSync(fd, zeros, 0, headerBytes, 0);
      header = undefined;
      end = headerBytes;
    },
    isBegun,
    reserve(bytes) {
      const { size } = fstatSync(fd);
      if (isFull || size >= bytes) return false;
      try {
        writeSync(fd, zeros, 0, Math.min(zeros.length, bytes - size), size);
        return true;
      } catch {
        // A disk without room for it may still have room for what is written.
        isFull = true;
        return false;
      }
    },
  };
}

interface Header {
  readonly salts: Buffer;
  readonly pageBytes: number;
}

function readHeader(fd: number): Header | undefined {
  const bytes = Buffer.alloc(headerBytes);
  const hasOne = readSync(fd, bytes, 0, headerBytes, 0) === headerBytes && bytes.readUInt32BE(0) !== 0;
  return hasOne ? { pageBytes: bytes.readUInt32BE(8), salts: bytes.subarray(16, 24) } : undefined;
}

function isFrameAt(fd: number, position: number, salts: Buffer): boolean {
  const frame = Buffer.alloc(frameHeaderBytes);
  if (readSync(fd, frame, 0, frameHeaderBytes, position) < frameHeaderBytes) return false;
  return salts.equals(frame.subarray(8, 16));
}
