import { isInRanges } from './guard.ts';

/** The addresses of one node. */
export interface NodeAddresses {
  /** On the nodes' own segment, one of each family. */
  readonly primary: readonly string[];
  /** All that it has, these among them. */
  readonly all: readonly string[];
}

/**
 * Where a node's node ports answer: at its primary addresses, or, where the cluster names ranges, at all that are in
 * one of them. Never at a loopback address: what is answered there leaves no machine (kube-proxy `--nodeport-addresses`).
 */
export function nodePortAddresses({ primary, all }: NodeAddresses, ranges: readonly string[]): string[] {
  const found = ranges.length === 0 ? primary : all.filter((address) => isInRanges(ranges, address));
  return found.filter((address) => !isInRanges(loopback, address));
}

const loopback = ['127.0.0.0/8', '::1/128'];
