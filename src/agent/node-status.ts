import type { Node } from '../api/types/core.ts';
import { timestamp } from '../lib/timestamp.ts';

/** The status that a programmed node reports: its network is there, pods may come. */
export function readyStatus(now: number): NonNullable<Node['status']> {
  const lastTransitionTime = timestamp(now);
  return {
    conditions: [
      { type: 'NetworkUnavailable', status: 'False', reason: 'NodeProgrammed', lastTransitionTime },
      {
        type: 'Ready',
        status: 'True',
        reason: 'NodeProgrammed',
        message: 'the network is programmed',
        lastTransitionTime,
      },
    ],
  };
}
