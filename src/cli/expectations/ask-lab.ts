import { versionsOf } from '../../lab/cluster-of.ts';
import type { LabConnection } from '../../lab/connection.ts';
import type { Cluster } from '../../model/cluster.ts';
import { describeResult, verdictOf } from '../live/measured.ts';
import { probeOf } from '../live/probe-of.ts';
import type { Ask } from './check.ts';

/** Asks with a real packet each, once everything that was read is programmed. */
export function askLab(lab: LabConnection, cluster: Cluster): Ask {
  return async (flows) => {
    const probes = flows.map(({ flow }) => probeOf(cluster, flow));
    const [prober] = await Promise.all([lab.prober(), lab.programmed(versionsOf(cluster))]);
    const results = await prober.probeAll(probes);
    return results.map((result) => {
      const verdict = verdictOf(result);
      return { verdict, possible: [verdict], why: describeResult(result) };
    });
  };
}
