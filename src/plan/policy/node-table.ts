import type { PodPolicy } from '../../model/policy/port.ts';
import type { SetTypes } from '../elements/ledger.ts';
import type { PlannedElement } from '../elements/planned-elements.ts';
import { podElements, type LocalPod } from './elements.ts';
import type { PolicyNumbers } from './numbers.ts';
import { policySets, policySkeleton, policyTables, type SkeletonOptions } from './skeleton.ts';

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

/** The table of a node. */
export function nodeTable(options: SkeletonOptions): PolicyTable {
  const { family } = options;
  return {
    table: policyTables[family],
    types: policySets[family],
    skeleton: policySkeleton(options),
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
