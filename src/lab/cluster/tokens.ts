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

/** A server may give tokens of any life. */
const shortestMs = 1_000;
/** Of a token that does not say it: as long as most servers give at least. */
const unknownLifeMs = 3_600_000;
const backOff = { firstMs: 1_000, mostMs: 60_000 };

/**
 * Renews tokens in their files when half of their lives is over, which leaves hours to an API server that is away. The
 * server's clock may be another: a life is counted from when its file was written.
 */
export function createTokenKeeper({ client, files, clock, log }: TokenKeeperOptions): Service {
  const stopping = new AbortController();
  let loops: Promise<unknown> | undefined;

  async function keep(file: TokenFile): Promise<void> {
    let held = read(file.path, clock);
    let failures = 0;
    while (!stopping.signal.aborted) {
      const waitMs = failures > 0 ? backOffMs(failures, backOff) : Math.max(shortestMs, held.renewInMs);
      await sleep(clock, waitMs, stopping.signal);
      if (stopping.signal.aborted) return;
      const found = read(file.path, clock);
      // `weft up` may have issued another one meanwhile.
      const isOther = found.text !== held.text && found.renewInMs > 0;
      held = found;
      if (isOther) failures = 0;
      else failures = (await renew(file)) ? 0 : failures + 1;
      if (failures === 0 && !isOther) held = issued(file.path);
    }
  }

  async function renew(file: TokenFile): Promise<boolean> {
    try {
      await issueTokens(client, [file]);
      return true;
    } catch (thrown) {
      log.warn({ account: file.account, error: messageOf(thrown) }, 'token could not be renewed');
      return false;
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

/** A token, and when half of its life is over. */
interface Held {
  readonly text: string;
  readonly renewInMs: number;
}

/** What an earlier process, or `weft up`, left: as old as its file. At once where nothing can be read of it. */
function read(path: string, clock: Clock): Held {
  try {
    const text = readFileSync(path, 'utf8');
    const lifeMs = lifeOf(text) ?? 0;
    return { text, renewInMs: lifeMs / 2 - (clock.now() - statSync(path).mtimeMs) };
  } catch {
    return { text: '', renewInMs: 0 };
  }
}

/** What was issued this moment. */
function issued(path: string): Held {
  const text = readFileSync(path, 'utf8');
  return { text, renewInMs: (lifeOf(text) ?? unknownLifeMs) / 2 };
}

/** How long a token lives, if it is one that says so (JWT). */
function lifeOf(token: string): number | undefined {
  try {
    const [, payload = ''] = token.split('.');
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const { iat, exp } = claims as { readonly iat?: unknown; readonly exp?: unknown };
    return typeof iat === 'number' && typeof exp === 'number' ? (exp - iat) * 1000 : undefined;
  } catch {
    return undefined;
  }
}
