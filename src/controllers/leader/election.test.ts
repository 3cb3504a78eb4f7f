import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientOf } from '../../client/fake/client.ts';
import { createFakeStore, type FakeStore } from '../../client/fake/store.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import { randomOf } from '../../../test/support/random.ts';
import { createElection, electionTimes, type Election } from './election.ts';
import { leases } from '../../api/lease.ts';

const lease = { namespace: 'kube-system', name: 'weft-controllers' };

interface Candidate extends Election {
  /** What became of its terms: `lead`, `lose`, … */
  readonly told: string[];
  /** Cuts it from the API server. */
  cut: boolean;
  /** How long each of its calls takes. */
  slowMs: number;
}

function candidate(
  identity: string,
  {
    store,
    clock,
    skewMs = 0,
    random = () => 0,
  }: { store: FakeStore; clock: FakeClock; skewMs?: number; random?: () => number },
): Candidate {
  const told: string[] = [];
  const state = { cut: false, slowMs: 0 };
  const client = clientOf(store, {
    async intercept() {
      if (state.slowMs > 0) await new Promise<void>((resolve) => void clock.after(state.slowMs, resolve));
      if (state.cut) throw new WeftError('api-unavailable', 'nobody answered');
    },
  });
  const election = createElection({
    client,
    clock: { ...clock, now: () => clock.now() + skewMs },
    log: silentLog,
    lease,
    identity,
    random,
    onLead: () => told.push('lead'),
    onLose: () => told.push('lose'),
  });
  return Object.assign(state, election, { told });
}

function world(): { store: FakeStore; clock: FakeClock } {
  const clock = createFakeClock(1_000_000_000);
  return { clock, store: createFakeStore(() => clock.now()) };
}

const holderOf = (store: FakeStore): unknown => store.get(leases, lease)?.spec;

test('the first leads, keeps renewing, and nobody else leads meanwhile', async () => {
  const { store, clock } = world();
  const [one, other] = [candidate('one', { store, clock }), candidate('other', { store, clock })];
  await one.start();
  await clock.advance(0);
  await other.start();
  await clock.advance(120_000);
  assert.deepEqual([one.told, other.told], [['lead'], []]);
  assert.ok(one.isLeading());
  await Promise.all([one.stop(), other.stop()]);
});

test('a leader that is cut off stops before another begins', async () => {
  const { store, clock } = world();
  const [one, other] = [candidate('one', { store, clock }), candidate('other', { store, clock })];
  await one.start();
  await clock.advance(0);
  await other.start();
  await clock.advance(10_000);
  one.cut = true;
  await clock.advance(electionTimes.renewWithinMs);
  assert.deepEqual([one.told, one.isLeading(), other.isLeading()], [['lead', 'lose'], false, false]);
  await clock.advance(electionTimes.leaseMs);
  assert.ok(other.isLeading());
  one.cut = false;
  await clock.advance(60_000);
  assert.deepEqual([one.told, other.told], [['lead', 'lose'], ['lead']]);
  assert.match(JSON.stringify(holderOf(store)), /"holderIdentity":"other".*"leaseTransitions":1/);
  await Promise.all([one.stop(), other.stop()]);
});

test('a clock that is an hour off, either way, deposes nobody', async () => {
  for (const skewMs of [-3_600_000, 3_600_000]) {
    const { store, clock } = world();
    const [one, other] = [candidate('one', { store, clock, skewMs }), candidate('other', { store, clock })];
    await one.start();
    await clock.advance(0);
    await other.start();
    await clock.advance(300_000);
    assert.deepEqual([one.told, other.told], [['lead'], []]);
    await Promise.all([one.stop(), other.stop()]);
  }
});

test('who stops gives the lease back, and the next need not wait for it to run out', async () => {
  const { store, clock } = world();
  const [one, other] = [candidate('one', { store, clock }), candidate('other', { store, clock })];
  await one.start();
  await clock.advance(0);
  await other.start();
  await clock.advance(1_000);
  await one.stop();
  await clock.advance(electionTimes.retryMs);
  assert.ok(other.isLeading());
  assert.deepEqual(one.told, ['lead', 'lose']);
  await other.stop();
});

test('a process that is started again with its name leads again at once', async () => {
  const { store, clock } = world();
  const before = candidate('one', { store, clock });
  await before.start();
  await clock.advance(5_000);
  before.cut = true;
  const again = candidate('one', { store, clock });
  await again.start();
  await clock.advance(0);
  assert.ok(again.isLeading());
  await Promise.all([before.stop(), again.stop()]);
});

test('a renewal that took longer than the term holds nothing', async () => {
  const { store, clock } = world();
  const one = candidate('one', { store, clock });
  one.slowMs = electionTimes.renewWithinMs;
  await one.start();
  await clock.advance(60_000);
  assert.deepEqual(one.told, []);
  await Promise.all([one.stop(), clock.advance(60_000)]);
});

test('of any candidates, whatever their network does, at most one leads at a time', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomOf(seed);
    const { store, clock } = world();
    const all = ['a', 'b', 'c'].map((identity) =>
      candidate(identity, { store, clock, random, skewMs: (random() - 0.5) * 7_200_000 }),
    );
    for (const one of all) await one.start();
    let terms = 0;
    for (let step = 0; step < 150; step++) {
      const one = all[Math.floor(random() * all.length)];
      if (one !== undefined) {
        one.cut = random() < 0.5;
        one.slowMs = random() < 0.3 ? random() * 12_000 : 0;
      }
      await clock.advance(random() * 4_000);
      const leading = all.filter((each) => each.isLeading());
      assert.ok(leading.length <= 1, `seed ${seed}, step ${step}: ${leading.length} lead`);
    }
    for (const one of all) Object.assign(one, { cut: false, slowMs: 0 });
    await clock.advance(60_000);
    assert.equal(all.filter((each) => each.isLeading()).length, 1, `seed ${seed}: nobody leads in the end`);
    for (const { told } of all) terms += told.filter((what) => what === 'lead').length;
    t.diagnostic(`seed ${seed}: ${terms} terms`);
    await Promise.all(all.map((each) => each.stop()));
  }
});
