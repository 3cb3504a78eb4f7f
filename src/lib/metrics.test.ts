import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsText } from './metrics.ts';

test('metrics are told as Prometheus reads them', () => {
  const buckets = [
    { le: 0.05, count: 2 },
    { le: 1, count: 3 },
  ];
  assert.equal(
    metricsText([
      { name: 'process_open_fds', help: 'Open file descriptors.', type: 'gauge', value: 21 },
      { name: 'wait_seconds', help: 'Waiting.', type: 'histogram', value: { buckets, count: 4, sum: 2.5 } },
    ]),
    [
      '# HELP process_open_fds Open file descriptors.',
      '# TYPE process_open_fds gauge',
      'process_open_fds 21',
      '# HELP wait_seconds Waiting.',
      '# TYPE wait_seconds histogram',
      'wait_seconds_bucket{le="0.05"} 2',
      'wait_seconds_bucket{le="1"} 3',
      'wait_seconds_bucket{le="+Inf"} 4',
      'wait_seconds_sum 2.5',
      'wait_seconds_count 4',
      '',
    ].join('\n'),
  );
});
