import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Denial } from '../../workload/port.ts';
import type { Denials } from './denials.ts';

/** Each connection that would be denied is told once in so long a time, */
const quietMs = 60_000;
/** and so many of them at most: whoever tries every port must not fill the log. */
const mostKnown = 1000;

/** Writes what policies in audit mode would deny into the log: who asked whom for what, and which policies. */
export function logAudits({
  denials,
  log,
  clock,
}: {
  readonly denials: Pick<Denials, 'subscribeAudits'>;
  readonly log: Log;
  readonly clock: Clock;
}): () => void {
  const told = new Map<string, number>();
  return denials.subscribeAudits((denial) => {
    const key = keyOf(denial);
    const now = clock.monotonic();
    for (const [known, at] of told) {
      if (now - at < quietMs) break;
      told.delete(known);
    }
    if (told.has(key) || told.size >= mostKnown) return;
    told.set(key, now);
    const { node, direction, pod, policies, protocol, source, destination, destinationPort } = denial;
    log.info(
      { node, direction, pod, policies, protocol, source, destination, port: destinationPort },
      'a policy in audit mode would deny this',
    );
  });
}

/** The source port is another one each time. */
function keyOf({ direction, pod, policies, protocol, source, destination, destinationPort }: Denial): string {
  return [direction, pod, ...policies, protocol, source, destination, destinationPort].join(' ');
}
