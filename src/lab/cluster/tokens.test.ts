import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Client } from '../../client/port.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import { createTokenKeeper } from './tokens.ts';

const hour = 3_600_000;

/** A token (JWT) that lives for so long, by a server whose clock is a year ahead. */
function tokenOf(id: string, lifeMs: number): string {
  const iat = 86_400 * 365;
  const claims = { iat, exp: iat + lifeMs / 1000, id };
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
}

interface Kept {
  readonly path: string;
  readonly clock: FakeClock;
  /** How often somebody asked for a token. */
  asked: number;
  isDown: boolean;
  /** Goes on by this, with whatever that brings about. */
  readonly pass: (ms: number) => Promise<void>;
}

async function keeping(story: (kept: Kept) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-tokens-'));
  const path = join(directory, 'agents');
  const clock = createFakeClock(Date.now());
  const write = (text: string): void => {
    writeFileSync(path, text, { mode: 0o600 });
    utimesSync(path, clock.now() / 1000, clock.now() / 1000);
  };
  write(tokenOf('0', 2 * hour));
  const kept: Kept = {
    path,
    clock,
    asked: 0,
    isDown: false,
    async pass(ms) {
      await clock.advance(ms);
      await new Promise(setImmediate);
    },
  };
  const client: Pick<Client, 'requestToken'> = {
    requestToken(account) {
      assert.deepEqual(account, { namespace: 'kube-system', name: 'weft-lab-agents' });
      kept.asked += 1;
      if (kept.isDown) return Promise.reject(new WeftError('api-unavailable', 'nobody answered'));
      return Promise.resolve({ token: tokenOf(String(kept.asked), 2 * hour), expires: '' });
    },
  };
  const keeper = createTokenKeeper({
    client,
    files: [{ account: 'weft-lab-agents', path }],
    clock,
    log: silentLog,
  });
  await keeper.start();
  try {
    await story(kept);
  } finally {
    await keeper.stop();
    rmSync(directory, { recursive: true });
  }
}

test('a token is renewed when half of its life is over, whatever the clock of the server says', () =>
  keeping(async (kept) => {
    await kept.pass(0.9 * hour);
    assert.equal(kept.asked, 0);
    await kept.pass(0.2 * hour);
    assert.equal(kept.asked, 1);
    assert.equal(readFileSync(kept.path, 'utf8'), tokenOf('1', 2 * hour));
    assert.equal(statSync(kept.path).mode & 0o777, 0o600);
  }));

test('while the server is away it is asked again and again, and less and less often', () =>
  keeping(async (kept) => {
    kept.isDown = true;
    await kept.pass(1.1 * hour);
    for (let minute = 0; minute < 30; minute++) await kept.pass(60_000);
    assert.ok(kept.asked > 10 && kept.asked < 90, `asked ${kept.asked} times`);
    const before = kept.asked;
    kept.isDown = false;
    await kept.pass(60_000);
    assert.equal(kept.asked, before + 1);
    await kept.pass(60_000);
    assert.equal(kept.asked, before + 1);
  }));

test('a file in which no token is gets one', () =>
  keeping(async (kept) => {
    writeFileSync(kept.path, 'nonsense');
    await kept.pass(1.1 * hour);
    assert.equal(kept.asked, 1);
  }));
