import { createAnnouncementStatus } from '../../agent/announcement-status.ts';
import type { Told } from '../../agent/bgp/speakers.ts';
import type { ClusterView } from '../../agent/cluster-view.ts';
import type { Held } from '../../agent/layer2/held.ts';
import { loadBalancerResources } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Client } from '../../client/port.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { bgpStatusOf, l2StatusOf, statusNode } from '../../model/load-balancer/announcement-status.ts';
import { nodeLink } from '../../model/network/topology.ts';

/** The objects that say where Services are announced, as the agents of this process know it. */
export interface AnnouncementStatuses {
  follow(view: ClusterView): void;
  held(held: readonly Held[]): void;
  told(told: readonly Told[]): void;
  stop(): Promise<void>;
}

export function announcementStatuses(client: Client, log: Log): AnnouncementStatuses {
  let view: ClusterView | undefined;
  /** Other agents have other nodes, and nobody has those that are gone. */
  const isOwn = (object: KubernetesObject): boolean => {
    const node = statusNode(object);
    if (node === undefined || view === undefined) return false;
    return view.places.has(node) || view.nodes.get(node) === undefined;
  };
  const common = { client, isOwn, clock: systemClock, log };
  const l2 = createAnnouncementStatus({ ...common, resource: loadBalancerResources.servicel2statuses });
  const bgp = createAnnouncementStatus({ ...common, resource: loadBalancerResources.servicebgpstatuses });
  return {
    follow: (current) => (view = current),
    held: (held) => l2.set(held.map((one) => l2StatusOf(one, nodeLink))),
    told: (told) => bgp.set(told.map(({ peers, ...announced }) => bgpStatusOf(announced, peers))),
    async stop() {
      await Promise.all([l2.stop(), bgp.stop()]);
    },
  };
}
