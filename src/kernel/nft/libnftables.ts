import { WeftError } from '../../lib/errors.ts';
import { loadKoffi } from '../libc.ts';

/** An opaque `struct nft_ctx *`. */
type Context = bigint;

/** nft repeats the refused commands, which may be long; characters. */
const longestMessage = 4000;

interface Library {
  nft_ctx_new(flags: number): Context | null;
  nft_ctx_free(context: Context): void;
  nft_ctx_buffer_output(context: Context): number;
  nft_ctx_buffer_error(context: Context): number;
  nft_ctx_get_error_buffer(context: Context): string | null;
  nft_ctx_get_output_buffer(context: Context): string | null;
  nft_run_cmd_from_buffer(context: Context, commands: string): number;
}

const prototypes = {
  nft_ctx_new: 'void *nft_ctx_new(uint32_t)',
  nft_ctx_free: 'void nft_ctx_free(void *)',
  nft_ctx_buffer_output: 'int nft_ctx_buffer_output(void *)',
  nft_ctx_buffer_error: 'int nft_ctx_buffer_error(void *)',
  nft_ctx_get_error_buffer: 'const char *nft_ctx_get_error_buffer(void *)',
  nft_ctx_get_output_buffer: 'const char *nft_ctx_get_output_buffer(void *)',
  nft_run_cmd_from_buffer: 'int nft_run_cmd_from_buffer(void *, const char *)',
} as const satisfies Record<keyof Library, string>;

let bound: Library | undefined;

function library(): Library {
  bound ??= bind();
  return bound;
}

function bind(): Library {
  try {
    const shared = loadKoffi().load('libnftables.so.1');
    const entries = Object.entries(prototypes).map(([name, prototype]) => [name, shared.func(prototype)]);
    return Object.fromEntries(entries) as Library;
  } catch (cause) {
    const hint = 'apt-get install libnftables1';
    throw new WeftError('libnftables-missing', 'cannot load libnftables.so.1', {
      cause,
      hint,
      fault: 'environment',
    });
  }
}

/** Loads the library now: it reads files, which is not to happen inside a foreign namespace. */
export function loadLibnftables(): void {
  library();
}

/** A libnftables context, bound to the network namespace it was made in. */
export interface NftContext {
  /**
   * Runs commands as one transaction; returns nft's message where it refuses them. To be called inside the
   * context's namespace: names of links are looked up through further sockets, opened where the thread is. The
   * library is not thread-safe, not even with a context each: one thread of the process calls it.
   */
  run(commands: string): string | undefined;
  /** What the last commands printed. */
  output(): string;
  free(): void;
}

/**
 * Makes a context in the namespace this thread is in. It is worth keeping: closing its socket waits until the
 * kernel has let go of what a transaction removed, 16 ms where the transaction itself takes 0.1 ms.
 */
export function createNftContext(): NftContext {
  const nft = library();
  const context = nft.nft_ctx_new(0);
  if (context === null) throw new WeftError('nft-rejected', 'libnftables made no context');
  // Without buffers the library writes to the process's own stdout and stderr.
  nft.nft_ctx_buffer_output(context);
  nft.nft_ctx_buffer_error(context);
  return {
    run(commands) {
      if (nft.nft_run_cmd_from_buffer(context, commands) === 0) return undefined;
      return (nft.nft_ctx_get_error_buffer(context) ?? '').trim().slice(0, longestMessage);
    },
    output: () => nft.nft_ctx_get_output_buffer(context) ?? '',
    free: () => nft.nft_ctx_free(context),
  };
}
