import type { Metric } from '../lib/metrics.ts';

/** The one counter that every role which mends the network has. */
export function repairsMetric(value: number): Metric {
  return {
    name: 'weft_repairs_total',
    help: 'Links, addresses, routes, elements and rules that somebody else changed and this process mended.',
    type: 'counter',
    value,
  };
}
