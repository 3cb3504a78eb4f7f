import type { Pod } from '../../api/types/core.ts';
import type { SegmentAddress } from '../../api/types/layer2.ts';
import type { Change } from '../../client/port.ts';
import {
  interfaceFacts,
  interfaceKey,
  interfacesOf,
  type PodInterface,
} from '../../model/attachments/interfaces.ts';
import { createPolicyModel } from '../../model/policy/policy-model.ts';
import type { PolicyModel } from '../../model/policy/port.ts';

/** The further interfaces of all pods, and the policies about them. */
export interface Interfaces {
  /** Its pods are interfaces, by their keys. */
  readonly policies: PolicyModel;
  get(key: string): PodInterface | undefined;
  /** Of one pod. */
  of(podKey: string): readonly PodInterface[];
  /** Those with addresses of a domain. */
  in(domain: string): Iterable<PodInterface>;
  /** Key of the interface that has an address of a domain. */
  at(domain: string, address: string): string | undefined;
  setPod(change: Change<Pod>): void;
  setAddress(change: Change<SegmentAddress>): void;
  /** Keys of those that came, went, or whose addresses, class or allowances changed since the last call. */
  takeChanges(): ReadonlySet<string>;
}

export function createInterfaces(): Interfaces {
  const policies = createPolicyModel();
  const pods = new Map<string, Pod>();
  /** SegmentAddresses by the uid of the pod that holds them. */
  const held = new Map<string, Map<string, SegmentAddress>>();
  const byPod = new Map<string, readonly PodInterface[]>();
  const byKey = new Map<string, PodInterface>();
  const byAddress = new Map<string, Map<string, string>>();
  const changed = new Set<string>();

  const forget = (one: PodInterface): void => {
    const key = interfaceKey(one);
    byKey.delete(key);
    changed.add(key);
    const there = byAddress.get(one.domain ?? '');
    for (const address of one.addresses) if (there?.get(address) === key) there.delete(address);
    if (there?.size === 0) byAddress.delete(one.domain ?? '');
  };

  const keep = (one: PodInterface): void => {
    const key = interfaceKey(one);
    byKey.set(key, one);
    changed.add(key);
    if (one.domain === undefined) return;
    const there = byAddress.get(one.domain) ?? new Map<string, string>();
    byAddress.set(one.domain, there);
    for (const address of one.addresses) there.set(address, key);
  };

  const foundIn = (pod: Pod | undefined): PodInterface[] =>
    pod === undefined ? [] : interfacesOf(pod, held.get(pod.metadata.uid ?? '')?.values() ?? []);

  const look = (podKey: string): void => {
    const [pod, before] = [pods.get(podKey), byPod.get(podKey) ?? []];
    const after = foundIn(pod);
    if (before.length === 0 && after.length === 0) return;
    before.forEach(forget);
    after.forEach(keep);
    if (after.length === 0) byPod.delete(podKey);
    else byPod.set(podKey, after);
    const facts = new Map(after.map((one) => [interfaceKey(one), pod && interfaceFacts(pod, one)]));
    const keys = new Set([...before.map(interfaceKey), ...facts.keys()]);
    for (const key of keys) policies.setPod(key, facts.get(key));
  };

  return {
    policies,
    get: (key) => byKey.get(key),
    of: (podKey) => byPod.get(podKey) ?? [],
    *in(domain) {
      for (const key of new Set(byAddress.get(domain)?.values())) {
        const one = byKey.get(key);
        if (one !== undefined) yield one;
      }
    },
    at: (domain, address) => byAddress.get(domain)?.get(address),
    setPod({ key, current }) {
      if (current === undefined) pods.delete(key);
      else pods.set(key, current);
      look(key);
    },
    setAddress({ key, previous, current }) {
      const holder = (current ?? previous)?.spec.holder;
      if (holder?.kind !== 'Pod' || holder.uid === undefined) return;
      const own = held.get(holder.uid) ?? new Map<string, SegmentAddress>();
      if (current === undefined) own.delete(key);
      else own.set(key, current);
      if (own.size === 0) held.delete(holder.uid);
      else held.set(holder.uid, own);
      look(`${holder.namespace ?? 'default'}/${holder.name}`);
    },
    takeChanges() {
      const { classes, policies: allowances } = policies.takeChanges();
      const all = new Set([...changed, ...classes, ...allowances]);
      changed.clear();
      return all;
    },
  };
}
