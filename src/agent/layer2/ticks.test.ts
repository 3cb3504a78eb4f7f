import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeSegment } from '../../kernel/frames/fake.ts';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { createSpeaker, type Speaker } from './speaker.ts';
import { createTicks, type TicksOptions } from './ticks.ts';

const [address, link] = ['192.0.2.5', 'eth0'];

test('who spoke in time is heard, however late his frames are read', async () => {
  const [clock, segment] = [createFakeClock(), createFakeSegment()];
  const taken: string[] = [];
  const speakerOf = (node: string, frames: TicksOptions['frames']): Speaker => {
    segment.attach(node, link, `02:00:00:00:00:0${node.slice(1)}`);
    const ticks = createTicks({ clock, frames, onTick: () => speaker.tick() });
    const speaker = createSpeaker({
      node,
      netns: node,
      link,
      frames: segment,
      cluster: () => 'one',
      now: () => ticks.now(),
      log: silentLog,
      onTaken: () => taken.push(node),
      onConflict: (_, mac) => assert.fail(mac),
    });
    ticks.set(true);
    return speaker;
  };
  // Another process: it speaks on while the second one's reader has no turn.
  const speakers = [
    speakerOf('n1', { caughtUp: (callback) => queueMicrotask(callback) }),
    speakerOf('n2', segment),
  ];
  for (const speaker of speakers) speaker.set(new Map([[address, ['n1', 'n2']]]));
  await clock.advance(1000);
  for (let times = 0; times < 3; times++) {
    segment.stall(true);
    await clock.advance(5000);
    segment.stall(false);
    await clock.advance(300);
  }
  assert.deepEqual(taken, ['n1']);
  segment.cut('n1', link);
  await clock.advance(1000);
  assert.deepEqual(taken, ['n1', 'n2'], 'silence that is the other’s is heard');
});

test('time in which this process had no turn does not count as silence of others', () => {
  const timers: (() => void)[] = [];
  let [now, ticked] = [0, 0];
  const after = (_: number, fn: () => void): (() => void) => {
    timers.push(fn);
    return () => {};
  };
  const ticks = createTicks({
    clock: { monotonic: () => now, after },
    frames: { caughtUp: (callback) => callback() },
    onTick: () => (ticked += 1),
  });
  ticks.set(true);
  now += 10_000;
  assert.ok(ticks.now() <= 100);
  timers.shift()?.();
  assert.deepEqual([ticked, ticks.now() <= 100], [1, true]);
});

test('who rests while frames are still to be read does not tick when they are', async () => {
  const [clock, segment] = [createFakeClock(), createFakeSegment()];
  let ticked = 0;
  const ticks = createTicks({ clock, frames: segment, onTick: () => (ticked += 1) });
  ticks.set(true);
  segment.stall(true);
  await clock.advance(60);
  ticks.set(false);
  segment.stall(false);
  await clock.advance(500);
  assert.deepEqual([ticked, clock.pending], [0, 0]);
  ticks.set(true);
  await clock.advance(500);
  assert.equal(ticked, 10);
});
