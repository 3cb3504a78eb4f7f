import { readdirSync, readFileSync } from 'node:fs';
import { systemClock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Service } from '../lib/lifecycle.ts';
import type { Log } from '../lib/log.ts';
import { watchLoopDelay } from '../lib/loop-delay.ts';
import { metricsText, metricsType, type Histogram, type Metric } from '../lib/metrics.ts';
import { createRpcServer } from '../lib/rpc.ts';

/**
 * The metrics of this process, and those that its role has of its `own`, on a socket of its own: `GET /metrics`, in Prometheus' text format. One that cannot be
 * served is said in the log and stops nobody.
 */
export function serveMetrics(path: string, log: Log, own: () => readonly Metric[]): Service {
  const delay = watchLoopDelay(systemClock);
  const door = createRpcServer({
    path,
    log,
    routes: {
      'GET /metrics': () => ({
        text: metricsText([...processMetrics(delay.histogram()), ...own()]),
        type: metricsType,
      }),
    },
  });
  return {
    async start() {
      try {
        await door.start();
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'metrics are not served');
      }
    },
    async stop() {
      delay.stop();
      await door.stop();
    },
  };
}

/** The names are those of Prometheus' own client libraries, but for the event loop's. */
function processMetrics(delay: Histogram): Metric[] {
  const { user, system } = process.cpuUsage();
  return [
    {
      name: 'weft_event_loop_delay_seconds',
      help: 'How long what was due had to wait, at each 20 ms of time.',
      type: 'histogram',
      value: delay,
    },
    {
      name: 'process_cpu_seconds_total',
      help: 'Processor time, of user and system.',
      type: 'counter',
      value: (user + system) / 1e6,
    },
    {
      name: 'process_resident_memory_bytes',
      help: 'Resident memory.',
      type: 'gauge',
      value: process.memoryUsage.rss(),
    },
    { name: 'process_open_fds', help: 'Open file descriptors.', type: 'gauge', value: openFiles() },
    {
      name: 'process_max_fds',
      help: 'File descriptors that this process may open.',
      type: 'gauge',
      value: mostOpenFiles(),
    },
  ];
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

/** The soft limit, proc(5); Node raises it to the hard one when it starts. */
function mostOpenFiles(): number {
  const soft = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return soft === undefined || soft === 'unlimited' ? Infinity : Number(soft);
}
