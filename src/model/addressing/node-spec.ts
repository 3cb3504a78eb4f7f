import type { NodeNetworkConfig } from '../../api/types/address.ts';
import { addressesOf, assignedRanges } from './config-status.ts';
import { requestFor } from './demand.ts';

/** The addresses that a node was told of and does not give back, in order. */
export function ownAddressesOf({ spec, status }: NodeNetworkConfig): string[] {
  const returned = new Set(spec.ipsNotInUse);
  const reserved = reservedOf(status);
  return assignedRanges(status)
    .flatMap(addressesOf)
    .filter((address) => !returned.has(address) && address !== reserved);
}

/** The first address of a node's blocks is its own. */
function reservedOf(status: NodeNetworkConfig['status']): string | undefined {
  const [container] = status?.networkContainers ?? [];
  return container?.type === 'vnetblock' ? container.primaryIP.split('/')[0] : undefined;
}

/** What of its addresses a node needs. */
export interface NodeNeeds {
  /** How many its pods need, those that wait for one included. */
  readonly demand: number;
  readonly isInUse: (address: string) => boolean;
}

/**
 * What a node writes: how many addresses it wants, and which it gives back. Undefined where it can change nothing, or
 * says so already.
 */
export function nextSpec(config: NodeNetworkConfig, needs: NodeNeeds): NodeNetworkConfig['spec'] | undefined {
  const { spec, status } = config;
  if (status?.scaler === undefined || status.networkContainers?.[0]?.assignmentMode !== 'dynamic')
    return undefined;
  const assigned = assignedRanges(status).flatMap(addressesOf);
  const returned = new Set(spec.ipsNotInUse);
  const kept = assigned.filter((address) => !returned.has(address));
  const wanted = requestFor({ used: needs.demand, held: kept.length }, status.scaler);
  const next =
    wanted < kept.length
      ? giveBack(kept, kept.length - wanted, needs)
      : takeBack(assigned, returned, wanted - kept.length);
  const still = assigned.filter((address) => returned.has(address) && !next.taken.has(address));
  const ipsNotInUse = [...still, ...next.given];
  const requestedIPCount = Math.max(wanted, kept.length - next.given.length);
  const isSaid = requestedIPCount === spec.requestedIPCount && ipsNotInUse.join() === [...returned].join();
  return isSaid ? undefined : { requestedIPCount, ipsNotInUse };
}

interface Exchange {
  readonly given: readonly string[];
  readonly taken: ReadonlySet<string>;
}

/** The highest that no pod has: pods get the lowest. */
function giveBack(kept: readonly string[], count: number, { isInUse }: NodeNeeds): Exchange {
  const unused = kept.filter((address) => !isInUse(address));
  return { given: unused.slice(Math.max(0, unused.length - count)), taken: new Set() };
}

/** What was given back and is still there need not be asked for. */
function takeBack(assigned: readonly string[], returned: ReadonlySet<string>, count: number): Exchange {
  const there = assigned.filter((address) => returned.has(address));
  return { given: [], taken: new Set(there.slice(0, count)) };
}
