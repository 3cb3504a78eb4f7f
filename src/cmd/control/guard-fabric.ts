import { createDriftRepair } from '../../agent/drift-repair.ts';
import type { Client } from '../../client/port.ts';
import type { FabricExecutor } from '../../fabric/fabric.ts';
import type { Drift } from '../../kernel/drift/port.ts';
import { createDriftWatch } from '../../kernel/drift/real.ts';
import type { NetworkNamespaces, PinKeeper } from '../../kernel/netns/port.ts';
import type { Poller } from '../../kernel/poll/port.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { machineNetns, nodeNetns } from '../../model/fabric/default-fabric.ts';
import { createRepairTeller } from './tell-repairs.ts';

export interface FabricGuardOptions {
  readonly fabric: FabricExecutor;
  /** Where the fabric's namespaces are open, and none of anybody else's. */
  readonly namespaces: NetworkNamespaces & PinKeeper;
  readonly poller: Poller;
  readonly client: Client;
  readonly log: Log;
}

export interface FabricGuard {
  /** How many things were mended since the start. */
  repairs(): number;
  close(): void;
}

/** There is no notification for a mount that goes. */
const pinCheckMs = 500;
const everything = 'fabric';

/**
 * Mends what somebody else takes away of the fabric: namespaces' pins and what is in the namespaces. In those of the nodes
 * the agents are at work all the time: only routes are listened to that are never theirs, for a cable has another end at
 * its switch.
 */
export function guardFabric(options: FabricGuardOptions): FabricGuard {
  const { fabric, namespaces, poller, client, log } = options;
  let repairs = 0;
  const teller = createRepairTeller({ client, log });

  const drift = createDriftRepair({
    clock: systemClock,
    repair() {
      const repaired = fabric.repair();
      if (repaired === 0) return;
      repairs += repaired;
      log.warn({ repaired }, 'what somebody else changed of the fabric was mended');
      teller.repaired();
    },
  });
  const watch = createDriftWatch({ namespaces, poller });
  watch.onDrift(() => drift.drifted(everything));
  const watched = new Set<string>();
  /** Segments and machines come and go. */
  const watchAll = (): void => {
    const names = new Set(fabric.namespaces().filter((name) => !name.startsWith('pod-')));
    for (const name of watched.difference(names)) {
      watch.forget(name);
      watched.delete(name);
    }
    for (const name of names.difference(watched)) {
      watch.watch(name, heardOf(name));
      watched.add(name);
    }
  };
  watchAll();

  const checkPins = (): void => {
    try {
      const restored = new Set(namespaces.repin());
      repairs += restored.size;
      if (restored.size > 0) teller.restored(restored);
      watchAll();
    } catch (error) {
      log.error({ error: messageOf(error) }, 'a namespace could not be pinned again');
    }
    cancel = systemClock.after(pinCheckMs, checkPins);
  };
  let cancel = systemClock.after(pinCheckMs, checkPins);

  return {
    repairs: () => repairs,
    close() {
      cancel();
      drift.stop();
      watch.close();
    },
  };
}

/** What of a namespace of the fabric is listened to. */
function heardOf(netns: string): Drift['of'][] {
  if (netns.startsWith(nodeNetns(''))) return ['routes'];
  return netns === machineNetns.networks ? ['links', 'rules'] : ['links'];
}
