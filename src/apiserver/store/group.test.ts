import assert from 'node:assert/strict';
import test from 'node:test';
import { createGroup, type Group } from './group.ts';

/** A group over a log of what it does; each sync and tidying waits to be ended. */
interface World {
  readonly group: Group<string>;
  readonly log: string[];
  readonly ends: PromiseWithResolvers<void>[];
  refuses: boolean;
  tidies: boolean;
  /** Pieces of work that are left for when nobody comes. */
  pieces: number;
}

function createWorld(): World {
  const log: string[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const begin = (what: string): Promise<void> => {
    log.push(what);
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  };
  const world = { log, ends, refuses: false, tidies: false, pieces: 0 };
  const group = createGroup<string>({
    commit(items) {
      if (world.refuses) throw new Error('full');
      log.push(`commit ${items.join()}`);
    },
    sync: () => begin('sync'),
    tidy(isQuiet) {
      if (isQuiet) return world.pieces-- > 0 ? begin('piece') : undefined;
      return world.tidies ? begin('tidy') : undefined;
    },
    quietMs: 1,
    undo: (items) => void log.push(`undo ${items.join()}`),
    onBroken: (failure) => void log.push(`broken ${String(failure)}`),
  });
  return Object.assign(world, { group });
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(() => setImmediate(resolve)));

/** Notes in the log how what is not settled yet ends. */
function note({ group, log }: World, name: string): void {
  const settled = group.settled();
  assert.ok(settled, `${name} is settled`);
  settled.then(
    () => log.push(`${name} durable`),
    (failure: unknown) => log.push(`${name} ${String(failure)}`),
  );
}

test('what is added while the disk is at work is committed together after it, and each waits for its own sync', async () => {
  const world = createWorld();
  const { group, log, ends } = world;
  group.add(['a']);
  note(world, 'a');
  await turn();
  group.add(['b']);
  group.add(['c', 'd']);
  note(world, 'bcd');
  await turn();
  assert.deepEqual(log, ['commit a', 'sync']);
  ends[0]?.resolve();
  await turn();
  assert.deepEqual(log.slice(2), ['a durable', 'commit b,c,d', 'sync']);
  ends[1]?.resolve();
  await turn();
  assert.deepEqual(log.slice(5), ['bcd durable']);
  assert.equal(group.settled(), undefined);
});

test('nobody waits for the tidying but the next commit', async () => {
  const world = createWorld();
  const { group, log, ends } = world;
  world.tidies = true;
  group.add(['a']);
  note(world, 'a');
  await turn();
  ends[0]?.resolve();
  await turn();
  assert.equal(group.settled(), undefined);
  group.add(['b']);
  await turn();
  assert.deepEqual(log.toSorted(), ['a durable', 'commit a', 'sync', 'tidy']);
  ends[1]?.resolve();
  await turn();
  assert.deepEqual(log.slice(4), ['commit b', 'sync']);
});

test('what may wait is done in pieces while nobody comes, and whoever comes waits for one', async () => {
  const world = createWorld();
  const { group, log, ends } = world;
  world.pieces = 3;
  group.add(['a']);
  await turn();
  ends[0]?.resolve();
  while (!log.includes('piece')) await new Promise((resolve) => void setTimeout(resolve, 1));
  group.add(['b']);
  await turn();
  assert.deepEqual(log, ['commit a', 'sync', 'piece']);
  ends[1]?.resolve();
  await turn();
  assert.deepEqual(log.slice(3), ['commit b', 'sync']);
});

test('a commit that is refused is undone, and the next one goes on', async () => {
  const world = createWorld();
  const { group, log } = world;
  world.refuses = true;
  group.add(['a', 'b']);
  note(world, 'ab');
  await turn();
  world.refuses = false;
  group.add(['c']);
  await turn();
  assert.deepEqual(log, ['undo a,b', 'ab Error: full', 'commit c', 'sync']);
});

for (const phase of ['sync', 'tidy']) {
  test(`a failing ${phase} ends it: all who wait hear of it, nothing is undone, nothing taken any more`, async () => {
    const world = createWorld();
    const { group, log, ends } = world;
    world.tidies = true;
    group.add(['a']);
    note(world, 'a');
    await turn();
    if (phase === 'tidy') {
      ends[0]?.resolve();
      await turn();
    }
    group.add(['b']);
    note(world, 'b');
    ends.at(-1)?.reject(new Error('EIO'));
    await turn();
    assert.ok(log.includes(phase === 'sync' ? 'a Error: EIO' : 'a durable'));
    assert.ok(log.includes('b Error: EIO'));
    assert.equal(log.filter((line) => line === 'broken Error: EIO').length, 1);
    assert.equal(log.filter((line) => line.startsWith('undo')).length, 0);
    assert.throws(() => group.add(['c']), /EIO/);
    await assert.rejects(async () => group.settled(), /EIO/);
  });
}

test('closing commits what is left, whatever the disk is doing', async () => {
  const world = createWorld();
  const { group, log } = world;
  group.add(['a']);
  await turn();
  group.add(['b']);
  note(world, 'b');
  group.close(() => void log.push('closed'));
  await turn();
  assert.deepEqual(log, ['commit a', 'sync', 'commit b', 'closed', 'b durable']);
});

test('what is committed is told before the disk has it, and what is refused never', async () => {
  const world = createWorld();
  const { group, log, ends } = world;
  const noteCommitted = (name: string): void => {
    group.committed()?.then(
      () => log.push(`${name} committed`),
      (failure: unknown) => log.push(`${name} ${String(failure)}`),
    );
  };
  group.add(['a']);
  noteCommitted('a');
  await turn();
  assert.equal(group.committed(), undefined);
  assert.ok(group.settled());
  group.add(['b']);
  noteCommitted('b');
  world.refuses = true;
  ends[0]?.resolve();
  await turn();
  assert.deepEqual(log, ['commit a', 'sync', 'a committed', 'undo b', 'b Error: full']);
});
