import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { hash32 } from '../../lib/hash.ts';
import { servicePort } from '../../model/services/fixtures.ts';
import type { ServiceEndpoint } from '../../model/services/port.ts';
import { createServicePlanner, type PlannedNode } from './elements.ts';
import { createGonePorts } from './gone-ports.ts';

const most = 2;
const seeded = { seed: 20261122, numRuns: 300 };
/** Each two beside each other have the same hash. */
const names = ['costarring', 'liquid', 'declinate', 'macallums', 'altarage', 'zinke'] as const;
type Name = (typeof names)[number];

type Step = 'settle' | { readonly name: Name; readonly endpoints: number };

const steps = fc.array(
  fc.oneof(
    { arbitrary: fc.constant<Step>('settle'), weight: 2 },
    {
      arbitrary: fc.record<Step & object>({ name: fc.constantFrom(...names), endpoints: fc.nat(3) }),
      weight: 3,
    },
  ),
  { maxLength: 60, size: 'max' },
);

test('the names have the hashes that they were chosen for', () => {
  for (let at = 0; at < names.length; at += 2) {
    assert.equal(hash32(names[at] ?? ''), hash32(names[at + 1] ?? ''));
  }
});

test('who is there is not forgotten, who went is settled without first, and few that are gone are remembered', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const present = new Set<string>();
      /** Of those that are gone and remembered: how often it was settled since. */
      const gone = new Map<string, number>();
      const ports = createGonePorts(most, (key) => {
        assert.ok((gone.get(key) ?? 0) >= 2, `${key} was settled without ${gone.get(key)} times`);
        gone.delete(key);
      });
      const settle = (): void => {
        for (const [key, times] of gone) gone.set(key, times + 1);
        ports.settled();
      };
      for (const step of all) {
        if (step === 'settle') {
          settle();
          continue;
        }
        const { name, endpoints } = step;
        if (endpoints > 0) gone.delete(name);
        else if (present.has(name)) gone.set(name, 0);
        ports.see(name, endpoints === 0 ? [] : [{ key: name }]);
        if (endpoints === 0) present.delete(name);
        else present.add(name);
      }
      settle();
      settle();
      assert.ok(gone.size <= most, `${[...gone.keys()].join()} are remembered`);
    }),
    seeded,
  );
});

const node: PlannedNode = { name: 'node-1', zone: undefined, addresses: ['172.20.1.1'] };
const endpoint = (number: number): ServiceEndpoint => ({
  address: `10.244.0.${number}`,
  port: 8080,
  nodeName: undefined,
  pod: undefined,
});

/** Plans a Service with so many endpoints; its number. */
function planned(
  planner: ReturnType<typeof createServicePlanner>,
  { name, endpoints }: Step & object,
): number {
  const ports =
    endpoints === 0
      ? []
      : [
          servicePort({
            key: name,
            endpoints: Array.from({ length: endpoints }, (_, index) => endpoint(index)),
          }),
        ];
  const { elements } = planner.plan(name, ports, 'IPv4', node);
  const value = elements.find(({ set }) => set === 'service-ids')?.value;
  return Array.isArray(value) ? Number(value[0]) : 0;
}

test('a number means one Service as long as it is there, and another only when two more went and it was settled', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const planner = createServicePlanner(most);
      const present = new Map<Name, number>();
      /** Who had a number last, and what came since it went. */
      const last = new Map<number, { readonly name: Name; went: number; settled: number }>();
      for (const step of all) {
        if (step === 'settle') {
          planner.settled();
          for (const one of last.values()) one.settled++;
          continue;
        }
        const before = present.get(step.name);
        const number = planned(planner, step);
        if (step.endpoints === 0) {
          present.delete(step.name);
          if (before === undefined) continue;
          for (const one of last.values()) one.went++;
          last.set(before, { name: step.name, went: 0, settled: 0 });
          continue;
        }
        assert.equal(number, before ?? number, 'its number changed');
        assert.ok(
          [...present].every(([name, taken]) => name === step.name || taken !== number),
          'two have one number',
        );
        const earlier = last.get(number);
        if (earlier !== undefined && earlier.name !== step.name) {
          assert.ok(earlier.went >= most && earlier.settled >= 2, 'too early');
        }
        last.delete(number);
        present.set(step.name, number);
      }
    }),
    seeded,
  );
});

test('a Service that comes back soon has its number, and one that is long gone has left nothing', () => {
  const planner = createServicePlanner(most);
  const come = (name: Name): number => planned(planner, { name, endpoints: 2 });
  const go = (...gone: Name[]): void => gone.forEach((name) => void planned(planner, { name, endpoints: 0 }));
  const hash = hash32('costarring');
  assert.deepEqual([come('costarring'), come('liquid')], [hash, hash + 1]);
  for (const name of ['declinate', 'altarage'] as const) come(name);
  go('costarring', 'liquid');
  planner.settled();
  planner.settled();
  assert.equal(come('liquid'), hash + 1);
  go('liquid', 'declinate', 'altarage');
  planner.settled();
  assert.equal(come('liquid'), hash + 1, 'it was settled once');
  go('liquid');
  come('declinate');
  come('altarage');
  go('declinate', 'altarage');
  planner.settled();
  planner.settled();
  assert.equal(come('liquid'), hash, 'nobody has it any more');
});
