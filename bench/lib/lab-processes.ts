import { readFileSync } from 'node:fs';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { getMetrics } from '../../src/lab/bundle/metrics.ts';
import { readProcessFile } from '../../src/lab/process-file.ts';
import { benchLabName } from './lab.ts';

/** Of the bench's lab, by role. */
export function labProcesses(): ReadonlyMap<string, number> {
  const { processes } = openLabs().control.paths(benchLabName);
  return new Map(Object.entries(readProcessFile(processes)).map(([role, { pid }]) => [role, pid]));
}

/**
 * Proportional set sizes of the lab's processes, summed, in megabytes: pages that several share (Node's own text) count
 * once, not once each as in a sum of resident sizes.
 */
export function memoryOf(processes: ReadonlyMap<string, number>): number {
  const kilobytes = [...processes.values()].map((pid) => {
    const pss = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return Number(pss);
  });
  return kilobytes.reduce((a, b) => a + b, 0) / 1000;
}

/** The bounds of the event loop's delay that so many of its moments kept, in milliseconds, by role. */
export async function loopDelays(share: number): Promise<ReadonlyMap<string, number>> {
  const { control } = openLabs();
  const paths = control.paths(benchLabName);
  const delays = await Promise.all(
    [...labProcesses().keys()].map(
      async (role) => [role, boundOf(await getMetrics(paths.metrics(role)), share)] as const,
    ),
  );
  return new Map(delays);
}

/** Upper bound of the smallest bucket that holds so large a share of the observations. */
function boundOf(metrics: string | undefined, share: number): number {
  const buckets = [
    ...(metrics ?? '').matchAll(/^weft_event_loop_delay_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm),
  ].map(([, le, count]) => ({ seconds: le === '+Inf' ? Infinity : Number(le), count: Number(count) }));
  const all = buckets.at(-1)?.count ?? 0;
  const found = buckets.find(({ count }) => count >= share * all);
  if (found === undefined || all === 0) throw new Error('the event loop’s delay is not among the metrics');
  return found.seconds * 1000;
}
