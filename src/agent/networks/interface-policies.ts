import type { Conntrack } from '../../kernel/conntrack/port.ts';
import type { Nftables } from '../../kernel/nft/port.ts';
import type { Family } from '../../lib/address.ts';
import { interfaceKey, podOfInterface, type PodInterface } from '../../model/attachments/interfaces.ts';
import type { PolicyNumbers } from '../../plan/policy/numbers.ts';
import { interfaceTable } from '../../plan/policy/interface-table.ts';
import { cutConnections, type AddressDirectory } from '../policies/connection-cutter.ts';
import type { Subjects } from '../policies/denials.ts';
import type { RunningPod } from '../pods/running-pod.ts';
import { WeftError } from '../../lib/errors.ts';
import { createPolicyEnforcer, type PolicyEnforcer } from '../policies/policy-enforcer.ts';
import type { Interfaces } from './interfaces.ts';

/** Policies about the further interfaces of one node's pods, enforced in the namespaces of these. Synchronous. */
export interface InterfacePolicies {
  /**
   * Isolates the interfaces of a pod, whose namespace is there and which is not plugged in yet; undefined forgets a pod that
   * goes.
   */
  isolate(podKey: string, pod: RunningPod | undefined): void;
  /** Programs what policies say of these interfaces, and who is at their addresses. */
  apply(keys: ReadonlySet<string>): void;
  /** Holds the connections of interfaces that one of these is a peer of to what was programmed. */
  settle(keys: ReadonlySet<string>): Iterable<unknown>;
  /** Mends what somebody else changed. Returns how many things differed. */
  repair(): number;
}

export interface InterfacePoliciesOptions {
  readonly interfaces: Interfaces;
  readonly families: readonly Family[];
  readonly nft: Nftables;
  readonly conntrack: Conntrack;
  readonly numbers: PolicyNumbers;
  /** False where connections that policies no longer allow go on. */
  readonly isCutting: boolean;
  /** Told of namespaces in which packets are denied from now on, and of those that go. */
  readonly onNamespace: (netns: string, subjects: Subjects | undefined) => void;
}

/** An interface of a pod of the node, and its tables. */
interface Member {
  readonly key: string;
  readonly pod: RunningPod;
  readonly one: PodInterface;
  readonly enforcers: readonly PolicyEnforcer[];
}

export function createInterfacePolicies(options: InterfacePoliciesOptions): InterfacePolicies {
  const { interfaces, families, nft, conntrack, numbers } = options;
  const byPod = new Map<string, readonly Member[]>();
  const members = (): Member[] => [...byPod.values()].flat();

  const classAt = ({ domain }: PodInterface, address: string): number => {
    const peer = interfaces.at(domain ?? '', address);
    return peer === undefined ? 0 : interfaces.policies.classOf(peer);
  };

  const join = (pod: RunningPod, one: PodInterface): Member => {
    const enforcers = families.map((family) =>
      createPolicyEnforcer({
        nft,
        netns: pod.netns,
        family,
        residents: [],
        numbers,
        classAt: (address) => classAt(one, address),
        layout: interfaceTable(one.name, family),
        linkOf: () => one.name,
      }),
    );
    for (const enforcer of enforcers) enforcer.start();
    const member: Member = { key: interfaceKey(one), pod, one, enforcers };
    stageOwn(member);
    for (const peer of interfaces.in(one.domain ?? '')) stagePeer(member, interfaceKey(peer));
    commit(member);
    return member;
  };

  const stageOwn = (member: Member): void => {
    const { key, pod, one, enforcers } = member;
    const policy = interfaces.policies.policyOf(key);
    const { uid } = pod;
    for (const enforcer of enforcers) enforcer.setLocalPod(key, { uid, addresses: one.addresses }, policy);
  };

  /** Only on the segment that the interface is on does an address say who has it. */
  const stagePeer = ({ one, enforcers }: Member, key: string): void => {
    const peer = interfaces.get(key);
    const isThere = peer?.domain !== undefined && peer.domain === one.domain;
    const peerClass = interfaces.policies.classOf(key);
    for (const enforcer of enforcers) enforcer.setPeer(key, isThere ? peer.addresses : [], peerClass);
  };

  const commit = ({ enforcers }: Member): void => {
    for (const enforcer of enforcers) ifThere(() => enforcer.commit());
  };

  const forget = (some: readonly Member[]): void => {
    for (const netns of new Set(some.map(({ pod }) => pod.netns))) {
      options.onNamespace(netns, undefined);
      nft.forget(netns);
      conntrack.forget(netns);
    }
  };

  const directoryOf = ({ key, one }: Member): AddressDirectory => ({
    localPolicy: (address) =>
      one.addresses.includes(address) ? interfaces.policies.policyOf(key) : undefined,
    classAt: (address) => classAt(one, address),
    isResident: () => false,
    wasNamed: () => false,
  });

  const subjectsOf = (own: readonly Member[]): Subjects => ({
    policies: interfaces.policies,
    keyAt: (address) =>
      own.find(({ one }) => one.addresses.includes(address))?.key ??
      own.flatMap(({ one }) => interfaces.at(one.domain ?? '', address) ?? [])[0],
    podOf: podOfInterface,
  });

  /** Those whose connections may be others than before. */
  const concerned = (keys: ReadonlySet<string>): Member[] => {
    const domains = new Set([...keys].map((key) => interfaces.get(key)?.domain));
    return members().filter(({ key, one }) => keys.has(key) || domains.has(one.domain));
  };

  return {
    isolate(podKey, pod) {
      const before = byPod.get(podKey) ?? [];
      if (pod === undefined) {
        byPod.delete(podKey);
        forget(before);
        return;
      }
      const own = interfaces.of(podKey).map((one) => join(pod, one));
      if (own.length === 0) return;
      byPod.set(podKey, own);
      options.onNamespace(pod.netns, subjectsOf(own));
    },
    apply(keys) {
      if (keys.size === 0 || byPod.size === 0) return;
      for (const member of members()) {
        for (const key of keys) {
          if (key === member.key) stageOwn(member);
          stagePeer(member, key);
        }
        commit(member);
      }
    },
    *settle(keys) {
      if (keys.size === 0 || byPod.size === 0) return;
      for (const member of concerned(keys)) {
        const { pod, one, enforcers } = member;
        const node = { conntrack, netns: pod.netns, families, directory: directoryOf(member) };
        if (options.isCutting) yield* cutConnections(node, new Set(one.addresses));
        yield;
        for (const enforcer of enforcers) ifThere(() => enforcer.tidy());
      }
    },
    repair: () =>
      members().reduce(
        (sum, { enforcers }) => enforcers.reduce((total, enforcer) => total + enforcer.repair(), sum),
        0,
      ),
  };
}

/** The namespace of a pod that goes may be gone before anybody says so. */
function ifThere(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof WeftError && error.code === 'netns-missing')) throw error;
  }
}
