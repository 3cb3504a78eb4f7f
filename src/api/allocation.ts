import { addressAfter, bitsOf, formatAddress, type Address } from '../lib/address.ts';
import { WeftError } from '../lib/errors.ts';
import { hash32 } from '../lib/hash.ts';
import { parsePrefix, type Prefix } from '../lib/prefix.ts';

/** Keys of the two Services whose addresses are the same in every cluster. */
const fixedOffsets: ReadonlyMap<string, bigint> = new Map([
  ['default/kubernetes', 1n],
  ['kube-system/kube-dns', 10n],
]);

/** Range of node ports unless told otherwise (kube-apiserver --service-node-port-range). */
export const nodePortRange = { first: 30000, last: 32767 } as const;

/** The address of `kubernetes.default`: the first of the service range. */
export function kubernetesAddress(serviceCidr: string): string {
  return formatAddress(nth(servicePrefix(serviceCidr), 1n));
}

/** The address of the cluster DNS Service: the tenth of the service range. */
export function dnsAddress(serviceCidr: string): string {
  return formatAddress(nth(servicePrefix(serviceCidr), 10n));
}

/**
 * An address for the Service `key` (`namespace/name`) that is not in `used`; undefined when the range is full.
 * `default/kubernetes` and `kube-system/kube-dns` get their fixed ones. All others come from the upper band
 * and, only when that is full, from the static band of min(max(16, n/16), 256) addresses that people choose
 * from by hand (KEP-3070). The same key gets the same address whatever else there is, collisions aside, so
 * a prediction from manifests and a running cluster agree. Throws `invalid-service-cidr`.
 */
export function allocateClusterIP(
  serviceCidr: string,
  used: ReadonlySet<string>,
  key: string,
): string | undefined {
  const prefix = servicePrefix(serviceCidr);
  const fixed = fixedOffsets.get(key);
  if (fixed !== undefined) {
    const address = formatAddress(nth(prefix, fixed));
    if (!used.has(address)) return address;
  }
  const count = usableOf(prefix);
  const band = clusterIPBand(prefix);
  const free = (offset: number): boolean => !used.has(formatAddress(nth(prefix, BigInt(offset) + 1n)));
  const offset =
    firstFree({ first: band, count: count - band, key }, free) ??
    firstFree({ first: 0, count: band, key }, (offset) => !isFixed(offset) && free(offset));
  return offset === undefined ? undefined : formatAddress(nth(prefix, BigInt(offset) + 1n));
}

/** The key under which a Service's port gets its node port, for everyone who allocates or predicts it. */
export function nodePortKey(
  service: string,
  port: { readonly port: number; readonly protocol?: string },
): string {
  return `${service}/${port.port}-${port.protocol ?? 'TCP'}`;
}

/**
 * A node port for `key` (see `nodePortKey`) that is not in `used`; undefined when all are taken. Comes from
 * the upper band first and then from the static band of min(max(16, n/32), 128) ports (KEP-3668).
 */
export function allocateNodePort(
  used: ReadonlySet<number>,
  key: string,
  range: { readonly first: number; readonly last: number } = nodePortRange,
): number | undefined {
  const count = range.last - range.first + 1;
  const band = bandOf(count, { divisor: 32, most: 128 });
  const free = (offset: number): boolean => !used.has(range.first + offset);
  const offset =
    firstFree({ first: band, count: count - band, key }, free) ??
    firstFree({ first: 0, count: band, key }, free);
  return offset === undefined ? undefined : range.first + offset;
}

/** Number of addresses at the start of a service range that are only given out last. */
function clusterIPBand(prefix: Prefix): number {
  const size = Math.min(2 ** (bitsOf(prefix.family) - prefix.length), 2 ** 32);
  return Math.min(bandOf(size, { divisor: 16, most: 256 }), usableOf(prefix));
}

function bandOf(size: number, { divisor, most }: { divisor: number; most: number }): number {
  return size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / divisor)), most);
}

/** Addresses that a Service can have: all but the network's own and, with IPv4, the broadcast address. */
function usableOf(prefix: Prefix): number {
  const size = Math.min(2 ** (bitsOf(prefix.family) - prefix.length), 2 ** 32);
  return Math.max(0, size - (prefix.family === 'IPv4' ? 2 : 1));
}

function isFixed(offset: number): boolean {
  return offset === 0 || offset === 9;
}

/** The first free offset of a band, searched in a circle from where the key's hash points. */
function firstFree(
  { first, count, key }: { first: number; count: number; key: string },
  free: (offset: number) => boolean,
): number | undefined {
  if (count <= 0) return undefined;
  const start = hash32(key) % count;
  for (let i = 0; i < count; i++) {
    const offset = first + ((start + i) % count);
    if (free(offset)) return offset;
  }
  return undefined;
}

function servicePrefix(serviceCidr: string): Prefix {
  const prefix = parsePrefix(serviceCidr);
  if (prefix !== undefined && bitsOf(prefix.family) - prefix.length >= 4) return prefix;
  throw new WeftError(
    'invalid-service-cidr',
    `the service range ${serviceCidr} is not a CIDR of at least 16 addresses`,
    {
      fault: 'input',
    },
  );
}

function nth(prefix: Prefix, offset: bigint): Address {
  const address = addressAfter(prefix.network, offset);
  if (address === undefined)
    throw new WeftError('invalid-service-cidr', 'the service range ends with its family');
  return address;
}
