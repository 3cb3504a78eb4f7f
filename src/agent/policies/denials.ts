import type { LoggedPacket, PacketLog } from '../../kernel/nft/log-port.ts';
import { parseAddress } from '../../lib/address.ts';
import type { PolicyModel, PolicyRule } from '../../model/policy/port.ts';
import { auditLog, denialLog } from '../../plan/policy/skeleton.ts';
import type { Denial } from '../../workload/port.ts';
import { decodePacket } from '../../wire/packet.ts';
import type { FirstPort } from './first-port.ts';

/** Tells which packets policies dropped, and which ones policies in audit mode would have, with those that decided. */
export interface Denials {
  /** Starts reading the log of a node, or of one of its pods, in whose namespace policies are about these. */
  watch(node: string, netns: string, subjects?: Subjects): void;
  forget(netns: string): void;
  subscribe(callback: (denial: Denial) => void): () => void;
  /** The same for packets that passed, and would have been dropped if policies in audit mode were enforced. */
  subscribeAudits(callback: (denial: Denial) => void): () => void;
  /** Packets logged since the start; the kernel may have lost some more. */
  counts(): DenialCounts;
}

/** Whom policies are about in a namespace. */
export interface Subjects {
  readonly policies: Pick<PolicyModel, 'decide'>;
  /** Who has an address there, by the key that the policies know it by. */
  keyAt(address: string): string | undefined;
  /** `namespace/name` of the pod of a key. */
  podOf(key: string): string;
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
  const ofNode: Subjects = { policies, keyAt: (address) => podAt.get(address), podOf: (key) => key };
  const watched = new Map<string, { readonly node: string; readonly subjects: Subjects }>();
  const subscribers = { denied: new Set<Callback>(), audited: new Set<Callback>() };
  const counts = { denied: { ingress: 0, egress: 0 }, audited: { ingress: 0, egress: 0 } };

  const read = ({ namespace, payload }: LoggedPacket, { fate, direction }: Logged): Denial | undefined => {
    const place = watched.get(namespace);
    const packet = decodePacket(payload);
    if (place === undefined || packet === undefined) return undefined;
    const { node, subjects } = place;
    const [own, peer] =
      direction === 'egress' ? [packet.source, packet.destination] : [packet.destination, packet.source];
    const key = subjects.keyAt(own);
    if (key === undefined) return undefined;
    const pod = subjects.podOf(key);
    const decision = subjects.policies.decide({
      direction,
      pod: key,
      peer: { pod: subjects.keyAt(peer), address: parseAddress(peer) },
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
    watch(node, netns, subjects = ofNode) {
      watched.set(netns, { node, subjects });
      packetLog.onPacket(hear);
      packetLog.listen(netns, denialLog.group);
    },
    forget(netns) {
      watched.delete(netns);
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
