import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveCell } from '../../analysis/reach/live-cells.ts';
import type { ProbeResult } from '../../workload/port.ts';
import { judge, type Judgement } from './judge.ts';

type Outcomes = LiveCell['outcomes'];

function cell(outcomes: Outcomes, kind: 'pod' | 'service' = 'service'): LiveCell {
  const [first] = outcomes;
  return {
    source: 'a/client',
    destination: { kind, key: 'a/server' },
    protocol: 'TCP',
    port: 80,
    isDeclared: true,
    verdict: first?.verdict ?? 'unknown',
    outcomes,
  };
}

function answered(pod: string, source: string): ProbeResult {
  const answer = { pod, node: 'n', protocol: 'TCP', port: 80, source, sourcePort: 1 } as const;
  return { outcome: 'answered', answer, milliseconds: 1 };
}

const allowed = (backend: string | undefined, sourceSeen: string): Outcomes[number] => ({
  verdict: 'allowed',
  backend,
  sourceSeen,
});
const stopped = (verdict: 'denied' | 'refused' | 'unreachable'): Outcomes[number] => ({
  verdict,
  backend: undefined,
  sourceSeen: undefined,
});
const one = allowed('a/one', '10.0.0.1');
const two = allowed('a/two', '10.0.0.9');

const cases: readonly [name: string, LiveCell, ProbeResult, Judgement['state'], why?: RegExp][] = [
  ['an answer as predicted', cell([one]), answered('a/one', '10.0.0.1'), 'right'],
  ['an answer by any predicted backend', cell([one, two]), answered('a/two', '10.0.0.9'), 'right'],
  [
    'an answer by the pod that was asked',
    cell([allowed(undefined, '1')], 'pod'),
    answered('a/server', '1'),
    'right',
  ],
  [
    'an answer by another pod',
    cell([one]),
    answered('a/two', '10.0.0.1'),
    'wrong',
    /^a\/two answers and not a\/one$/,
  ],
  [
    'a backend that sees what another one should',
    cell([one, two]),
    answered('a/one', '10.0.0.9'),
    'wrong',
    /^a\/one sees 10\.0\.0\.9 and not 10\.0\.0\.1$/,
  ],
  [
    'an answer where none may come',
    cell([stopped('denied')]),
    answered('a/one', '1'),
    'wrong',
    /allowed and not denied/,
  ],
  ['a denial as predicted', cell([stopped('denied')]), { outcome: 'denied', milliseconds: 1 }, 'right'],
  [
    'silence instead of a denial',
    cell([stopped('denied')]),
    { outcome: 'silent', milliseconds: 1 },
    'wrong',
    /unreachable and not denied/,
  ],
  ['a refusal as predicted', cell([stopped('refused')]), { outcome: 'refused', milliseconds: 1 }, 'right'],
  [
    'a rejection as predicted',
    cell([stopped('unreachable')]),
    { outcome: 'rejected', milliseconds: 1 },
    'right',
  ],
  [
    'a missing route as predicted',
    cell([stopped('unreachable')]),
    { outcome: 'unroutable', milliseconds: 1 },
    'right',
  ],
  ['one of two fates', cell([one, stopped('denied')]), { outcome: 'denied', milliseconds: 1 }, 'right'],
  [
    'neither of two fates',
    cell([one, stopped('denied')]),
    { outcome: 'refused', milliseconds: 1 },
    'wrong',
    /refused and not allowed or denied/,
  ],
  [
    'an answer that does not say whom it sees',
    cell([one]),
    { outcome: 'answered', milliseconds: 1 },
    'unknown',
  ],
];

for (const [name, predicted, result, state, why] of cases) {
  test(`${name} is ${state}`, () => {
    const judgement = judge(predicted, result, () => false);
    assert.equal(judgement.state, state);
    if (why !== undefined) assert.match('why' in judgement ? judgement.why : '', why);
  });
}

test('who is known to say nothing is ignored when it answers, and only then', () => {
  const dns = cell([allowed('kube-system/dns', '10.0.0.1')]);
  const saysNothing = (pod: string): boolean => pod === 'kube-system/dns';
  assert.equal(judge(dns, { outcome: 'answered', milliseconds: 1 }, saysNothing).state, 'ignored');
  assert.equal(judge(dns, { outcome: 'silent', milliseconds: 1 }, saysNothing).state, 'wrong');
  assert.equal(judge(cell([one]), { outcome: 'answered', milliseconds: 1 }, saysNothing).state, 'unknown');
});
