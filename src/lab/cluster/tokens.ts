import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writePrivate } from '../../apiserver/credentials/files.ts';
import type { Client } from '../../client/port.ts';
import { backOffMs } from '../../lib/back-off.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Service } from '../../lib/lifecycle.ts';
import type { Log } from '../../lib/log.ts';
import { sleep } from '../../lib/sleep.ts';
import { accountsNamespace } from './accounts.ts';

/** What a token is asked for; a server may give less. A lab that slept through it is told so by `weft up`. */
const lifetimeSeconds = 86_400;

/** A token in a file, and whose it is. */
export interface TokenFile {
  /** Name of the ServiceAccount. */
  readonly account: string;
  readonly path: string;
}

/** Writes new tokens of accounts into their files, mode 0600. Rejects as `Client.requestToken`. */
export async function issueTokens(
  client: Pick<Client, 'requestToken'>,
  files: readonly TokenFile[],
): Promise<void> {
  await Promise.all(
    files.map(async ({ account, path }) => {
      const name = { namespace: accountsNamespace, name: account };
      const { token } = await client.requestToken(name, { seconds: lifetimeSeconds });
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writePrivate(path, token);
    }),
  );
}

export interface TokenKeeperOptions {
  readonly client: Pick<Client, 'requestToken'>;
  readonly files: readonly TokenFile[];
  readonly clock: Clock;
  readonly log: Log;
}

const backOff = { firstMs: 1_000, mostMs: 60_000 };

/**
 * Renews tokens in their files when half of their lives is over, which leaves hours to an API server that is away. The
 * server's clock may be another: a life is counted from when its file was written.
 */
export function createTokenKeeper({ client, files, clock, log }: TokenKeeperOptions): Service {
  const stopping = new AbortController();
  let loops: Promise<unknown> | undefined;

  async function keep(file: TokenFile): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const waitMs = failures > 0 ? backOffMs(failures, backOff) : renewalOf(file.path) - clock.now();
      if (waitMs > 0) await sleep(clock, waitMs, stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        // `weft up` may have issued a new one meanwhile.
        if (renewalOf(file.path) <= clock.now()) await issueTokens(client, [file]);
        failures = 0;
      } catch (thrown) {
        failures += 1;
        log.warn({ account: file.account, error: messageOf(thrown) }, 'token could not be renewed');
      }
    }
  }

  return {
    start() {
      loops ??= Promise.all(files.map(keep));
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await loops;
    },
  };
}

/** When the token in a file is to be renewed, by this machine's clock; at once where nothing can be read of it. */
function renewalOf(path: string): number {
  try {
    const { iat, exp } = claimsOf(readFileSync(path, 'utf8'));
    return statSync(path).mtimeMs + ((exp - iat) * 1000) / 2;
  } catch {
    return 0;
  }
}

function claimsOf(token: string): { readonly iat: number; readonly exp: number } {
  const [, payload = ''] = token.split('.');
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
  if (typeof claims !== 'object' || claims === null) throw new Error('no claims');
  const [iat, exp] = ['iat', 'exp'].map((name) => (claims as Record<string, unknown>)[name]);
  if (typeof iat !== 'number' || typeof exp !== 'number' || exp <= iat) throw new Error('no life');
  return { iat, exp };
}
