import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessRecord, ProcessUsage } from './port.ts';

/** The kernel tells user space times in this unit whatever it counts in itself: USER_HZ, time(7). */
const ticksPerSecond = 100;

/** What /proc says of a process of this user; undefined when it has ended. */
export function readProcessUsage({ pid, startTime }: ProcessRecord): ProcessUsage | undefined {
  try {
    const sinceBoot = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (resident === undefined) return undefined;
    return {
      uptimeSeconds: Math.max(0, sinceBoot - startTime / ticksPerSecond),
      residentBytes: Number(resident) * 1024,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  } catch {
    // ENOENT, or ESRCH when it ends in between.
    return undefined;
  }
}
