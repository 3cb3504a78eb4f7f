import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drain, drainMs, longestDrainMs, type Leaving } from './drain.ts';
import type { EndpointState } from '../services/endpoint-index.ts';

/** When the pod may go, as milliseconds after it left the API; `stateAt` says what Services know then. */
function leavesAt(stateAt: (now: number) => EndpointState): number {
  let leaving: Leaving | undefined;
  for (let now = 0; now < 60_000;) {
    const step = drain(leaving, { now, endpoint: stateAt(now) });
    if (step.waitMs === 0) return now;
    leaving = step.leaving;
    now += step.waitMs;
  }
  throw new Error('it never leaves');
}

test('a pod that no Service ever sent to goes at once', () => {
  assert.equal(
    leavesAt(() => 'never'),
    0,
  );
});

test('a pod stays until no Service sends to it, and a moment longer', () => {
  assert.equal(
    leavesAt((now) => (now < 300 ? 'now' : 'before')),
    290 + drainMs,
  );
});

test('a pod that Services forgot before it went stays the moment all the same', () => {
  assert.equal(
    leavesAt(() => 'before'),
    drainMs,
  );
});

test('a pod that Services never forget goes in the end', () => {
  assert.equal(
    leavesAt(() => 'now'),
    longestDrainMs,
  );
});
