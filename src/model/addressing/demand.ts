import type { NodeAddressScaler } from '../../api/types/address.ts';

/** Addresses that a node of a pod subnet asks for at a time, and a static block has. */
export const batchSize = 16;

/** Fewer than 8 free addresses ask for more, more than 24 give some back. */
const thresholds = { requestThresholdPercent: 50, releaseThresholdPercent: 150 } as const;

/** The rhythm of a node that runs so many pods; of a subnet that is exhausted addresses come and go one by one. */
export function scalerFor(maxPods: number, { isExhausted }: { isExhausted: boolean }): NodeAddressScaler {
  return { batchSize: isExhausted ? 1 : batchSize, ...thresholds, maxIPCount: maxPods };
}

/**
 * Addresses that a node holds for so many pods: whole batches, of which the last is at least half free
 * (Azure/azure-container-networking, docs/feature/ipammath).
 */
export function batchesFor(pods: number): number {
  return inBatchesOf(batchSize, pods);
}

function inBatchesOf(size: number, pods: number): number {
  return size * Math.ceil(0.5 + pods / size);
}

/** Addresses of the /28 blocks for a node's pods and itself (AKS, configure-azure-cni-static-block-allocation). */
export function blocksFor(maxPods: number): number {
  return batchSize * Math.ceil((maxPods + 1) / batchSize);
}

/** How many addresses a node asks for that holds `held` and needs `used`: the same as long as enough of them are free. */
export function requestFor(
  { used, held }: { readonly used: number; readonly held: number },
  { batchSize: batch, requestThresholdPercent, releaseThresholdPercent, maxIPCount }: NodeAddressScaler,
): number {
  const free = held - used;
  const isEnough = free >= (batch * requestThresholdPercent) / 100;
  const isTooMany = free > (batch * releaseThresholdPercent) / 100;
  return Math.min(maxIPCount, isEnough && !isTooMany ? held : inBatchesOf(batch, used));
}
