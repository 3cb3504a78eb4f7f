import { libc, syscall } from '../libc.ts';
import { O_CLOEXEC, O_NOCTTY, O_RDWR, TIOCGPTPEER, TIOCSPTLCK, TIOCSWINSZ } from '../libc-constants.ts';

/** A pseudo-terminal (pty(7)), as two descriptors that no program inherits by accident. */
export interface Pty {
  /** What the terminal's user writes and reads. It reads EIO once nobody has the other end open. */
  readonly master: number;
  /** The terminal of a program; to be closed here as soon as the program has it. */
  readonly terminal: number;
}

/** In characters, 0 where it is not known. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

const flags = O_RDWR | O_NOCTTY | O_CLOEXEC;

/** Makes a terminal. The other end is opened through the master: no path can lead to another's. Throws `SyscallError`. */
export function openPty(): Pty {
  const master = syscall('open', () => libc().open('/dev/ptmx', flags, 0));
  try {
    const unlocked = Buffer.alloc(4);
    syscall('ioctl', () => libc().ioctl(master, TIOCSPTLCK, unlocked));
    // The argument of this one is a number, not a place in memory.
    const terminal = syscall('ioctl', () => libc().ioctl(master, TIOCGPTPEER, BigInt(flags)));
    return { master, terminal };
  } catch (error) {
    libc().close(master);
    throw error;
  }
}

/** Tells a terminal its size; its foreground programs get SIGWINCH. */
export function resizePty(master: number, { columns, rows }: TerminalSize): void {
  // struct winsize: rows, columns, and pixels, which nobody knows.
  const size = new Uint8Array(new Uint16Array([rows, columns, 0, 0]).buffer);
  syscall('ioctl', () => libc().ioctl(master, TIOCSWINSZ, size));
}
