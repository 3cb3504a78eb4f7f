import type { LoggedPacket, PacketLog } from '../kernel/nft/log-port.ts';
import type { PolicyModel } from '../model/policy/port.ts';
import { denialLog } from '../plan/policy/skeleton.ts';
import type { Denial } from '../workload/port.ts';
import { decodePacket } from '../wire/packet.ts';

/** Tells subscribers which packets policies dropped, with the policies that decided. */
export interface Denials {
  /** Starts reading a node's log. */
  watch(node: string, netns: string): void;
  forget(netns: string): void;
  subscribe(callback: (denial: Denial) => void): () => void;
}

export interface DenialsOptions {
  readonly packetLog: PacketLog;
  readonly policies: PolicyModel;
  /** Key of the pod that has an address. */
  readonly podAt: ReadonlyMap<string, string>;
}

export function createDenials({ packetLog, policies, podAt }: DenialsOptions): Denials {
  const nodes = new Map<string, string>();
  const subscribers = new Set<(denial: Denial) => void>();

  const denialOf = ({ namespace, prefix, payload }: LoggedPacket): Denial | undefined => {
    const node = nodes.get(namespace);
    const packet = decodePacket(payload);
    if (node === undefined || packet === undefined) return undefined;
    const direction = prefix === denialLog.egress ? 'egress' : 'ingress';
    const pod = podAt.get(direction === 'egress' ? packet.source : packet.destination);
    if (pod === undefined) return undefined;
    return { node, direction, pod, policies: policies.policyOf(pod)[direction].isolatedBy, ...packet };
  };

  return {
    watch(node, netns) {
      nodes.set(netns, node);
      packetLog.onPacket((packet) => {
        if (subscribers.size === 0) return;
        const denial = denialOf(packet);
        if (denial !== undefined) for (const subscriber of subscribers) subscriber(denial);
      });
      packetLog.listen(netns, denialLog.group);
    },
    forget(netns) {
      nodes.delete(netns);
      packetLog.forget(netns);
    },
    subscribe(callback) {
      subscribers.add(callback);
      return () => subscribers.delete(callback);
    },
  };
}
