import { matchesSelector } from '../../api/selector.ts';
import type { Address } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { AddressGroupSpec } from './compile.ts';
import { patternsOf } from './domain-names.ts';
import type { DomainChanges, NodeFacts } from './port.ts';
import type { AddressGroup, LinkedPolicy } from './state.ts';

/** The address groups in use, each exactly as long as a policy uses it. */
export interface AddressGroups {
  acquire(spec: AddressGroupSpec): AddressGroup;
  /** Forgets a group that nobody uses any more. */
  release(group: AddressGroup): void;
  /** Undefined forgets the node. Returns the policies whose peers changed. */
  setNode(name: string, node: NodeFacts | undefined): Set<LinkedPolicy>;
  /** The addresses that a domain name (lower case, without a final dot) has now. Returns the policies as above. */
  setDomain(name: string, addresses: readonly Address[]): Set<LinkedPolicy>;
  /** Whether a policy names this domain name, itself or by a wildcard. */
  namesDomain(name: string): boolean;
  /** Names and wildcards that came into use, or went out of it, since the last call. */
  takeDomainChanges(): DomainChanges;
}

export function createAddressGroups(): AddressGroups {
  const groups = new Map<string, AddressGroup>();
  const nodes = new Map<string, NodeFacts>();
  const domains = new Map<string, readonly Address[]>();
  /** What was told by `takeDomainChanges`, and what may have changed since. */
  const toldNames = new Set<string>();
  const movedNames = new Set<string>();

  const domainGroups = (name: string): AddressGroup[] =>
    patternsOf(name).flatMap((pattern) => groups.get(`domain ${pattern}`) ?? []);

  return {
    acquire(spec) {
      const known = groups.get(spec.key);
      if (known !== undefined) return known;
      const group: AddressGroup = { spec, members: new Map(), ranges: [], users: new Set() };
      groups.set(spec.key, group);
      if (spec.kind === 'nodes') {
        for (const [name, node] of nodes) {
          if (matchesSelector(spec.selector, node.labels)) group.members.set(name, node.addresses);
        }
      } else {
        movedNames.add(spec.name);
        for (const [name, addresses] of domains) {
          if (patternsOf(name).includes(spec.name)) group.members.set(name, addresses);
        }
      }
      group.ranges = rangesOf(group);
      return group;
    },
    release(group) {
      if (group.users.size > 0) return;
      groups.delete(group.spec.key);
      if (group.spec.kind === 'domain') movedNames.add(group.spec.name);
    },
    setNode(name, node) {
      put(nodes, name, node);
      const changed = new Set<LinkedPolicy>();
      for (const group of groups.values()) {
        if (group.spec.kind !== 'nodes') continue;
        const isMember = node !== undefined && matchesSelector(group.spec.selector, node.labels);
        setMember(group, { name, addresses: isMember ? node.addresses : undefined, changed });
      }
      return changed;
    },
    setDomain(name, addresses) {
      const kept = addresses.length === 0 ? undefined : addresses;
      put(domains, name, kept);
      const changed = new Set<LinkedPolicy>();
      for (const group of domainGroups(name)) setMember(group, { name, addresses: kept, changed });
      return changed;
    },
    namesDomain: (name) => domainGroups(name).length > 0,
    takeDomainChanges() {
      const isUsed = (name: string): boolean => groups.has(`domain ${name}`);
      const added = [...movedNames].filter((name) => isUsed(name) && !toldNames.has(name));
      const removed = [...movedNames].filter((name) => !isUsed(name) && toldNames.has(name));
      for (const name of added) toldNames.add(name);
      for (const name of removed) toldNames.delete(name);
      movedNames.clear();
      return { added, removed };
    },
  };
}

function setMember(
  group: AddressGroup,
  {
    name,
    addresses,
    changed,
  }: { name: string; addresses: readonly Address[] | undefined; changed: Set<LinkedPolicy> },
): void {
  const before = keyOf(group.members.get(name));
  put(group.members, name, addresses);
  if (keyOf(addresses) === before) return;
  group.ranges = rangesOf(group);
  for (const policy of group.users) changed.add(policy);
}

function put<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

const keyOf = (addresses: readonly Address[] = []): string =>
  addresses.map(({ family, value }) => `${family}${value}`).join();

const rangesOf = ({ members }: AddressGroup): AddressRange[] =>
  [...members.values()].flat().map((address) => ({ first: address, last: address }));
