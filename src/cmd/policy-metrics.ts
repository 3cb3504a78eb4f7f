import type { DenialCounts } from '../agent/denials.ts';
import type { Metric } from '../lib/metrics.ts';

/** Packets that policies dropped. */
export function deniedMetric({ denied }: DenialCounts): Metric {
  return {
    name: 'weft_policy_denied_packets_total',
    help: 'New packets that policies dropped, as far as the kernel told of them.',
    type: 'counter',
    value: denied.ingress + denied.egress,
  };
}

/** Packets that only policies in audit mode would have dropped. */
export function auditedMetric({ audited }: DenialCounts): Metric {
  return {
    name: 'weft_policy_audited_packets_total',
    help: 'New packets that policies in audit mode would have dropped, as far as the kernel told of them.',
    type: 'counter',
    value: audited.ingress + audited.egress,
  };
}
