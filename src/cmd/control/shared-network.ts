import type { FabricExecutor } from '../../fabric/fabric.ts';
import { createUplink } from '../../fabric/uplink.ts';
import type { NetworkNamespaces } from '../../kernel/netns/port.ts';
import type { RouteNetlink } from '../../kernel/route/port.ts';
import type { LabOptions } from '../../lab/options.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { clusterSegment, nodeSegment, segmentNetns } from '../../model/fabric/default-fabric.ts';

interface SharedNetwork {
  readonly route: RouteNetlink;
  readonly namespaces: NetworkNamespaces;
  readonly log: Log;
  readonly options: LabOptions;
}

/** The fabric of a cluster, which for a further one of a lab includes the cable to the first one's switch. */
export function onSharedNetwork(
  fabric: FabricExecutor,
  { route, namespaces, log, options: { ordinal } }: SharedNetwork,
): FabricExecutor & { stop(): void } {
  if (ordinal === undefined) return { ...fabric, stop() {} };
  const [own, other] = [segmentNetns(clusterSegment), segmentNetns(nodeSegment)];
  const uplink = createUplink({ route, namespaces, clock: systemClock, log, own, other, ordinal });
  return {
    apply(wanted) {
      fabric.apply(wanted);
      uplink.join();
    },
    async build(wanted) {
      await fabric.build(wanted);
      uplink.join();
    },
    repair() {
      const repaired = fabric.repair();
      uplink.join();
      return repaired;
    },
    namespaces: () => fabric.namespaces(),
    stop: () => uplink.stop(),
  };
}
