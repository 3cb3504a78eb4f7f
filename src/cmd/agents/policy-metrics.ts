import type { DenialCounts } from '../../agent/policies/denials.ts';
import type { Metric } from '../../lib/metrics.ts';

/** Packets that policies dropped. */
export function deniedMetric({ denied }: DenialCounts): Metric {
  return {
    name: 'weft_policy_denied_packets_total',
    help: 'New packets that policies dropped, as far as the kernel told of them.',
    type: 'counter',
    value: denied.ingress + denied.egress,
  };
}

/** Packets that would be dropped if policies in audit mode were enforced; the kernel counts those it drops anyway too. */
export function auditedMetric({ audited }: DenialCounts): Metric {
  return {
    name: 'weft_policy_audited_packets_total',
    help: 'New packets that would be dropped if policies in audit mode were enforced, also those that are dropped anyway.',
    type: 'counter',
    value: audited.ingress + audited.egress,
  };
}
