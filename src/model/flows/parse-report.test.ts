import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { WeftError } from '../../lib/errors.ts';
import { parseFlowReport } from './parse-report.ts';

const flow = {
  source: 'shop/web[Deployment]',
  destination: '198.51.100.7',
  protocol: 'TCP',
  port: 443,
  sent: true,
  received: false,
  first: '2026-01-01T00:00:00.000Z',
  last: '2026-01-01T00:00:01.000Z',
};

test('what was written is read', () => {
  const report = { since: flow.first, flows: [flow], lost: 2 };
  assert.deepEqual(parseFlowReport(JSON.parse(JSON.stringify(report))), report);
});

test('what is wrong is told with its place', () => {
  const wrong = (change: object): unknown => ({ flows: [flow, { ...flow, ...change }] });
  const tell = (value: unknown, what: RegExp): void =>
    assert.throws(() => parseFlowReport(value), { code: 'flows-invalid', message: what });
  tell(undefined, /no list "flows"/);
  tell(wrong({ port: 65_536 }), /flows\[1\]: "port"/);
  tell(wrong({ protocol: 'ICMP' }), /flows\[1\]: "protocol"/);
  tell(wrong({ source: '' }), /flows\[1\]: "source"/);
  tell(wrong({ last: 'yesterday' }), /flows\[1\]: "first" and "last"/);
  tell({ flows: [], lost: -1 }, /"lost"/);
});

test('anything else is refused, and nothing worse (seed 7)', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record({ flows: fc.array(fc.record({ source: fc.jsonValue(), port: fc.jsonValue() })) }),
  );
  fc.assert(
    fc.property(value, (one) => {
      try {
        parseFlowReport(one);
      } catch (error) {
        assert.ok(error instanceof WeftError);
      }
    }),
    { seed: 7 },
  );
});
