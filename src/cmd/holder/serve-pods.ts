import type { Service } from '../../lib/lifecycle.ts';
import type { Log } from '../../lib/log.ts';
import type { LabOptions } from '../../lab/options.ts';
import type { LabPaths } from '../../lab/paths.ts';
import { createNetworkNamespaces } from '../../kernel/netns/real.ts';
import type { Poller } from '../../kernel/poll/port.ts';
import { createPoller } from '../../kernel/poll/poller.ts';
import { createSockets } from '../../kernel/sockets/sockets.ts';
import { familiesOfNetwork } from '../../model/network/config.ts';
import { systemClock } from '../../lib/clock.ts';
import { keepServing } from '../../workload/keep-serving.ts';
import { createServingServer } from '../../workload/serving.ts';
import { createJournal } from '../../workload/stand-in/journal.ts';
import { createStandIns } from '../../workload/stand-in/stand-ins.ts';
import { streamUpgrades } from '../../workload/streams/upgrades.ts';
import { programRunner } from './run-in-pod.ts';

/** The stand-ins of a lab, and the socket on which the agents say for which pods they stand in. */
export function createPodServing(paths: LabPaths, { config }: LabOptions, log: Log): Service {
  const namespaces = createNetworkNamespaces({ directory: paths.namespaces, log });
  const sockets = createSockets({ namespaces });
  const journal = createJournal(systemClock);
  let poller: Poller | undefined;
  const standIns = createStandIns({
    sockets,
    namespaces,
    // Few labs have pods that need its thread; this one is never inside a namespace when it is asked for.
    poller: () => (poller ??= createPoller()),
    families: familiesOfNetwork(config),
    journal,
    log,
  });
  const pods = keepServing(standIns, { directory: paths.serving('holder'), log });
  const serving = createServingServer({
    path: paths.socket('holder'),
    pods,
    upgrades: streamUpgrades({ sockets, journal, run: programRunner(paths) }),
    log,
  });
  return {
    async start() {
      await pods.restore();
      await serving.start();
    },
    async stop() {
      await serving.stop();
      await standIns.close();
      await poller?.close();
    },
  };
}
