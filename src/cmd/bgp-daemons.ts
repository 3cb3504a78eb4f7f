import { createBird, findBird } from '../drivers/bgp/bird/bird.ts';
import { createFrr, findFrr } from '../drivers/bgp/frr/frr.ts';
import type { BgpDaemons } from '../drivers/bgp/port.ts';
import { createProcesses } from '../drivers/process/processes.ts';
import { systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

const kinds = {
  bird: { create: createBird, find: findBird },
  frr: { create: createFrr, find: () => findFrr('bgpd') },
} as const;

type Kind = keyof typeof kinds;

/**
 * The daemons of the nodes or of the router, with their files in `directory`: BIRD on nodes and FRR on the router, so
 * that each speaks with another implementation, or the one that is installed.
 */
export function bgpDaemons(of: 'nodes' | 'router', directory: string, log: Log): BgpDaemons {
  const wanted: readonly Kind[] = of === 'nodes' ? ['bird', 'frr'] : ['frr', 'bird'];
  const kind = wanted.find(isInstalled) ?? 'bird';
  return kinds[kind].create({
    directory,
    processes: createProcesses({ clock: systemClock }),
    clock: systemClock,
    log,
  });
}

function isInstalled(kind: Kind): boolean {
  try {
    kinds[kind].find();
    return true;
  } catch {
    return false;
  }
}
