import { generateCluster } from '../generator/cluster.ts';
import { asNextState } from '../live/churn.ts';
import type { History } from './history.ts';

/**
 * Whole clusters of `live.test.ts` that probes once told wrong: SCTP towards a node from itself, through a node port or a
 * Service, while other probes' sockets were open there (20, 23); endpoints outside, on ports where nobody had been put (16);
 * packets that were denied behind two nodes that masqueraded them, each with a port of its own (102, 132); and those denied
 * behind one node that masqueraded them and another that only sent them on, for a node port with externalTrafficPolicy Local
 * (207790051, 207790068).
 */
const seeds = [16, 20, 23, 102, 132, 207_790_051, 207_790_068];
export const seedCases: readonly History[] = seeds.map((seed) => ({
  name: `the cluster of seed ${seed}`,
  states: [asNextState(generateCluster(seed), seed)],
}));
