import type { Family } from '../../lib/address.ts';
import type { PodPolicy } from '../../model/policy/port.ts';
import type { SetTypes } from '../elements/ledger.ts';
import type { PlannedElement } from '../elements/planned-elements.ts';
import { podElements, type LocalPod } from './elements.ts';
import type { PolicyNumbers } from './numbers.ts';
import { policySets, policySkeleton, policyTables } from './skeleton.ts';

/** A table that enforces policies on pods, in one address family. */
export interface PolicyTable {
  readonly table: { readonly family: 'ip' | 'ip6'; readonly table: string };
  readonly types: SetTypes;
  readonly skeleton: string;
  /** What it says about one of the pods that it is for, which is there. */
  elements(pod: LocalAddresses, policy: PodPolicy, numbers: PolicyNumbers): PlannedElement[];
}

/** A pod at its addresses of one family. */
export interface LocalAddresses extends Pick<LocalPod, 'link'> {
  readonly addresses: readonly string[];
}

/** The table of a node, whose pods have these links (as nftables matches names). */
export function nodeTable(podLinks: string, family: Family): PolicyTable {
  return {
    table: policyTables[family],
    types: policySets[family],
    skeleton: policySkeleton({ podLinks, family }),
    elements: addressElements,
  };
}

/** What every table says about a pod at its addresses. */
export function addressElements(
  { link, addresses }: LocalAddresses,
  policy: PodPolicy,
  numbers: PolicyNumbers,
): PlannedElement[] {
  return addresses.flatMap((address) => podElements({ link, address }, policy, numbers));
}
