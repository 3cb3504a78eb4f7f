import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { DriftWatch } from './port.ts';

/** A watch over namespaces `a` and `b`; a link leads from `a` into `inside`. */
export interface DriftWorld {
  readonly watch: DriftWatch;
  /** Takes a link's address away, sets it down, or changes rules, as another process. */
  disturb(namespace: 'a' | 'b' | 'inside', what: 'links' | 'rules' | 'down' | 'routes'): void;
  /** How long telling may take; what is expected ends the wait. */
  readonly patienceMs: number;
  end(): Promise<void>;
}

export interface DriftCase {
  readonly label: string;
  /** False, or the reason. */
  readonly skip: string | false;
  readonly make: () => DriftWorld;
}

/** What every `DriftWatch` does. */
export function driftCompliance({ label, skip, make }: DriftCase): void {
  describe(`${label}: watching for drift`, { skip }, () => {
    let world: DriftWorld;
    let told: string[];

    beforeEach(() => {
      world = make();
      told = [];
      world.watch.onDrift(({ namespace, of }) => told.push(`${namespace} ${of}`));
    });
    afterEach(() => world.end());

    const expectTold = async (
      expected: readonly string[],
      ...acts: Parameters<DriftWorld['disturb']>[]
    ): Promise<void> => {
      for (const act of acts) world.disturb(...act);
      assert.deepEqual(told, [], 'nothing is told in the same turn');
      const deadline = performance.now() + world.patienceMs;
      const now = (): string[] => [...new Set(told)].toSorted();
      while (performance.now() < deadline && now().join() !== expected.join()) await pause(5);
      // What is too much comes a moment later.
      await pause(Math.min(200, world.patienceMs));
      assert.deepEqual(now(), expected);
      told.length = 0;
    };

    test('what happens in a watched namespace is told, with what it is of', async () => {
      world.watch.watch('a', ['links', 'rules']);
      await expectTold(['a links'], ['a', 'links']);
      await expectTold(['a rules'], ['a', 'rules']);
    });

    test('what is not asked for is not told until it is', async () => {
      world.watch.watch('a', ['links']);
      await expectTold([], ['a', 'rules']);
      world.watch.watch('a', ['rules']);
      await expectTold(['a links', 'a rules'], ['a', 'rules'], ['a', 'links']);
    });

    test('nothing is told of other namespaces', async () => {
      world.watch.watch('a', ['links', 'rules']);
      await expectTold([], ['b', 'links'], ['b', 'rules'], ['inside', 'links']);
    });

    test('with peers, links on the other end are told too, and rules there are not', async () => {
      world.watch.watch('a', ['links', 'rules', 'peers']);
      await expectTold(['a peers'], ['inside', 'links'], ['inside', 'rules']);
      await expectTold([], ['b', 'links']);
    });

    test('with peers, a link that is set down on the other end is told', async () => {
      world.watch.watch('a', ['links', 'peers']);
      // The node's own end loses its carrier with it, which is no drift of that end.
      await expectTold(['a peers'], ['inside', 'down']);
    });

    test('with routes, one with a metric that goes is told, and what else goes is not', async () => {
      world.watch.watch('a', ['routes']);
      await expectTold([], ['a', 'links'], ['a', 'rules']);
      await expectTold(['a routes'], ['a', 'routes']);
    });

    test('watching again changes nothing, and forgetting ends it', async () => {
      for (const name of ['a', 'a', 'b']) world.watch.watch(name, ['links', 'rules']);
      world.watch.forget('a');
      world.watch.forget('a');
      await expectTold(['b links'], ['a', 'links'], ['b', 'links']);
    });

    test('a closed watch tells nothing', async () => {
      world.watch.watch('a', ['links', 'rules', 'peers']);
      world.watch.close();
      await expectTold([], ['a', 'links'], ['inside', 'links'], ['a', 'rules']);
    });

    test('a namespace that is not there cannot be watched, however often', () => {
      for (let tries = 0; tries < 2; tries++)
        assert.throws(() => world.watch.watch('nowhere', ['links']), { code: 'netns-missing' });
      world.watch.forget('nowhere');
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
