import type { LoggedPacket, PacketLog } from '../kernel/nft/log-port.ts';
import { parseAddress } from '../lib/address.ts';
import type { PolicyModel, PolicyRule } from '../model/policy/port.ts';
import { auditLog, denialLog } from '../plan/policy/skeleton.ts';
import type { Denial } from '../workload/port.ts';
import { decodePacket } from '../wire/packet.ts';
import type { FirstPort } from './first-port.ts';

/** Tells which packets policies dropped, and which ones policies in audit mode would have, with those that decided. */
export interface Denials {
  /** Starts reading a node's log. */
  watch(node: string, netns: string): void;
  forget(netns: string): void;
  subscribe(callback: (denial: Denial) => void): () => void;
  /** The same for packets that passed, and would have been dropped if policies in audit mode were enforced. */
  subscribeAudits(callback: (denial: Denial) => void): () => void;
  /** Packets logged since the start; the kernel may have lost some more. */
  counts(): DenialCounts;
}

/** By direction. */
export interface DenialCounts {
  readonly denied: Readonly<Record<Denial['direction'], number>>;
  readonly audited: Readonly<Record<Denial['direction'], number>>;
}

export interface DenialsOptions {
  readonly packetLog: PacketLog;
  readonly policies: PolicyModel;
  /** Key of the pod that has an address. */
  readonly podAt: ReadonlyMap<string, string>;
  readonly firstPort?: FirstPort;
}

export function createDenials({ packetLog, policies, podAt, firstPort }: DenialsOptions): Denials {
  const nodes = new Map<string, string>();
  const subscribers = { denied: new Set<Callback>(), audited: new Set<Callback>() };
  const counts = { denied: { ingress: 0, egress: 0 }, audited: { ingress: 0, egress: 0 } };

  const read = ({ namespace, payload }: LoggedPacket, { fate, direction }: Logged): Denial | undefined => {
    const node = nodes.get(namespace);
    const packet = decodePacket(payload);
    if (node === undefined || packet === undefined) return undefined;
    const [own, peer] =
      direction === 'egress' ? [packet.source, packet.destination] : [packet.destination, packet.source];
    const pod = podAt.get(own);
    if (pod === undefined) return undefined;
    const decision = policies.decide({
      direction,
      pod,
      peer: { pod: podAt.get(peer), address: parseAddress(peer) },
      protocol: packet.protocol,
      port: packet.destinationPort,
    });
    // What is denied anyway is told as that; and who is to blame may have changed since the packet was logged.
    const steps = fate === 'audited' ? decision.audit : decision.steps;
    if (steps === undefined) return undefined;
    const last = steps.at(-1);
    const deciding = last?.action === 'Deny' ? last.rules.map(nameOf) : decision.isolatedBy;
    const sourcePort = fate === 'denied' ? firstPort?.(packet, node) : undefined;
    return { node, direction, pod, policies: deciding, ...packet, ...(sourcePort && { sourcePort }) };
  };

  const hear = (packet: LoggedPacket): void => {
    const logged = prefixes.get(packet.prefix);
    if (logged === undefined) return;
    counts[logged.fate][logged.direction] += 1;
    const callbacks = subscribers[logged.fate];
    if (callbacks.size === 0) return;
    const denial = read(packet, logged);
    if (denial !== undefined) for (const callback of callbacks) callback(denial);
  };

  const subscribe = (fate: keyof DenialCounts, callback: Callback): (() => void) => {
    subscribers[fate].add(callback);
    return () => subscribers[fate].delete(callback);
  };

  return {
    watch(node, netns) {
      nodes.set(netns, node);
      packetLog.onPacket(hear);
      packetLog.listen(netns, denialLog.group);
    },
    forget(netns) {
      nodes.delete(netns);
      packetLog.forget(netns);
    },
    subscribe: (callback) => subscribe('denied', callback),
    subscribeAudits: (callback) => subscribe('audited', callback),
    counts: () => counts,
  };
}

type Callback = (denial: Denial) => void;

interface Logged {
  readonly fate: keyof DenialCounts;
  readonly direction: Denial['direction'];
}

const prefixes: ReadonlyMap<string, Logged> = new Map([
  [denialLog.ingress, { fate: 'denied', direction: 'ingress' }],
  [denialLog.egress, { fate: 'denied', direction: 'egress' }],
  [auditLog.ingress, { fate: 'audited', direction: 'ingress' }],
  [auditLog.egress, { fate: 'audited', direction: 'egress' }],
]);

const nameOf = ({ kind, policy }: PolicyRule): string =>
  kind === 'NetworkPolicy' ? policy : `${kind} ${policy}`;
