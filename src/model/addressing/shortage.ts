import { formatPrefix } from '../../lib/prefix.ts';
import { hasLargestBlocks, podRoom } from '../network/places.ts';
import { familyPlaces, type NodePlace } from '../network/topology.ts';
import { batchesFor } from './demand.ts';
import { heldBy, type Asker } from './ledger.ts';
import type { PodSubnet, SubnetMode } from './pod-subnets.ts';
import type { Share } from './shares.ts';
import { prefixWithMore } from './subnet-room.ts';

/** What a subnet has to give, and what is asked of it. */
export interface SubnetPicture {
  readonly subnet: PodSubnet;
  readonly mode: SubnetMode;
  /** Addresses for pods. */
  readonly usable: number;
  /** Addresses that are needed: one for each pod, or all that the nodes hold whether pods have them or not. */
  readonly needed: number;
  readonly nodes: readonly string[];
  /** How many addresses nodes lack, where they lack some. */
  readonly missing: ReadonlyMap<string, number>;
  /** How many of them pods wait for. */
  readonly waiting: ReadonlyMap<string, number>;
  /** Whole batches for all nodes are more than there is: addresses come and go one by one. */
  readonly isExhausted: boolean;
}

export function pictureOf(
  shares: ReadonlyMap<string, Share>,
  askers: readonly Asker[],
  given: Pick<SubnetPicture, 'subnet' | 'mode' | 'usable'>,
): SubnetPicture {
  const lacking = (of: (asker: Asker) => number): Map<string, number> =>
    new Map(
      askers
        .map((asker) => [asker.name, of(asker) - heldBy(shares.get(asker.name), asker)] as const)
        .filter(([, count]) => count > 0),
    );
  const sum = (of: (asker: Asker) => number): number => askers.reduce((all, asker) => all + of(asker), 0);
  const isDynamic = given.mode === 'dynamic';
  return {
    ...given,
    needed: sum(({ used, wanted }) => (isDynamic ? used : wanted)),
    nodes: askers.map(({ name }) => name),
    missing: lacking(({ wanted }) => wanted),
    waiting: lacking(({ used }) => used),
    isExhausted: isDynamic && sum(({ used }) => batchesFor(used)) > given.usable,
  };
}

/** How many addresses a node's pods wait for and what would help, for people; undefined when none waits. */
export function shortageText(picture: SubnetPicture, node: string): string | undefined {
  const lacks = picture.waiting.get(node);
  if (lacks === undefined || !picture.missing.has(node)) return undefined;
  return lackText(picture, node, lacks);
}

/** The same of a node that is to have all that its pods may need from its start, whether pods wait or not. */
export function nodeShortageText(picture: SubnetPicture, node: string): string | undefined {
  const lacks = picture.mode === 'dynamic' ? undefined : picture.missing.get(node);
  return lacks === undefined ? undefined : lackText(picture, node, lacks);
}

function lackText(picture: SubnetPicture, node: string, lacks: number): string {
  const { subnet, usable, needed } = picture;
  const help = helpFor(picture);
  return (
    `${counted(lacks, 'address is', 'addresses are')} missing on ${node}: subnet ${subnet.id} ` +
    `${formatPrefix(subnet.prefix)} has ${usable} to give to pods, and ${needed} are needed` +
    (help.length === 0 ? '; nodes are giving some back' : `; it would fit with ${help.join(', or with ')}`)
  );
}

/** The same of a node whose pods have addresses of its own blocks, with so many pods on it; undefined when it has enough. */
export function blockShortageText(place: NodePlace, pods: number): string | undefined {
  const room = podRoom(place);
  if (pods <= room) return undefined;
  const lacks = counted(pods - room, 'address is', 'addresses are');
  const blocks = familyPlaces(place).map(({ podCidr }) => podCidr);
  const more = hasLargestBlocks(place) ? 'more nodes, for none has a larger block' : 'a larger podCIDR';
  return (
    `${lacks} missing on ${place.name}: its block ${blocks.join(' and ')} has ${room} to give to pods, and ${pods} are ` +
    `needed; it would fit with ${counted(pods - room, 'pod', 'pods')} fewer on the node, or with ${more}`
  );
}

function helpFor({ subnet, mode, usable, needed, nodes }: SubnetPicture): string[] {
  const more = needed - usable;
  if (more <= 0) return [];
  const length = prefixWithMore(subnet.prefix, more);
  const larger = length === undefined ? [] : [`a /${length}`];
  if (mode === 'dynamic') return [...larger, `${counted(more, 'pod', 'pods')} fewer`];
  const fewer = Math.ceil(more / (needed / nodes.length));
  const perNode = Math.floor(usable / nodes.length);
  return [
    ...larger,
    ...(fewer < nodes.length ? [`${counted(fewer, 'node', 'nodes')} fewer`] : []),
    ...(perNode >= fewestPods && mode === 'node-subnet' ? [`at most ${perNode} pods on a node`] : []),
  ];
}

/** A node of these models has at least so many (AKS, concepts-network-ip-address-planning). */
const fewestPods = 10;

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
