import type { Node } from '../../api/types/core.ts';
import { contains, formatPrefix, parsePrefix, prefixOf, type Prefix } from '../../lib/prefix.ts';
import type { NetworkConfig } from '../network/config.ts';
import { countPodBlocks, podBlocks, podCidrsOf } from '../network/places.ts';

type Ranges = Pick<NetworkConfig, 'podCidrs'>;

/** A block of each range, by the node's uid. */
export type BlocksByNode = ReadonlyMap<string, readonly string[]>;

/** Nodes without a block of the pod range, and what there is for them. */
export interface NodeBlocks {
  readonly given: BlocksByNode;
  /** What a node is told for which there is none, by its uid. */
  readonly missing: ReadonlyMap<string, string>;
}

/** What nodes without a block were promised, and then the first free blocks, for nodes in order of their names. */
export function shareBlocks(config: Ranges, nodes: readonly Node[], promised: BlocksByNode): NodeBlocks {
  const waiting = nodes
    .filter((node) => podCidrsOf(node).length === 0)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .map(({ metadata }) => metadata.uid ?? '');
  const taken = prefixesOf(nodes.flatMap(podCidrsOf));
  const given = new Map<string, readonly string[]>();
  for (const uid of waiting) {
    const blocks = promised.get(uid);
    if (blocks !== undefined && isFree(blocks, taken)) given.set(uid, blocks);
  }
  const free = freeBlocks(config, [...taken, ...prefixesOf([...given.values()].flat())]);
  for (const uid of waiting.filter((one) => !given.has(one))) {
    const { value, done } = free.next();
    if (done === true || value === undefined) break;
    given.set(uid, value);
  }
  const without = waiting.filter((uid) => !given.has(uid));
  const text = without.length === 0 ? '' : blockShortage(config, nodes.length, without.length);
  return { given, missing: new Map(without.map((uid) => [uid, text])) };
}

function* freeBlocks(config: Ranges, taken: readonly Prefix[]): Generator<readonly string[], undefined> {
  for (let index = 0; ; index++) {
    const blocks = podBlocks(config, index);
    if (blocks === undefined) return undefined;
    if (isFree(blocks, taken)) yield blocks;
  }
}

function isFree(blocks: readonly string[], taken: readonly Prefix[]): boolean {
  return !prefixesOf(blocks).some((block) => taken.some((other) => overlap(block, other)));
}

const prefixesOf = (texts: readonly string[]): Prefix[] => texts.flatMap((text) => parsePrefix(text) ?? []);

const overlap = (a: Prefix, b: Prefix): boolean => contains(a, b.network) || contains(b, a.network);

/** How many of the blocks for so many nodes are missing, and what would help, for people. */
export function blockShortage(config: Ranges, nodes: number, missing: number): string {
  const room = countPodBlocks(config);
  const lacks = missing === 1 ? '1 block is' : `${missing} blocks are`;
  const larger = largerRanges(config, nodes);
  const fewer = missing === 1 ? '1 node fewer' : `${missing} nodes fewer`;
  return (
    `${lacks} missing: podCIDR ${config.podCidrs.join()} has ${room}, one for each node, and there are ${nodes} nodes; ` +
    `it would fit with ${fewer}` +
    (larger === undefined ? '' : `, or in a cluster with podCIDR ${larger}, for that cannot be changed`)
  );
}

/** The smallest ranges around these that have blocks for so many nodes; undefined where there are none. */
function largerRanges({ podCidrs }: Ranges, nodes: number): string | undefined {
  const grown = podCidrs.map((text) => {
    const range = parsePrefix(text);
    if (range === undefined) return undefined;
    for (let { length } = range; length >= shortest; length--) {
      const larger = formatPrefix(prefixOf(range.network, length));
      if (countPodBlocks({ podCidrs: [larger] }) >= nodes) return larger;
    }
    return undefined;
  });
  return grown.includes(undefined) ? undefined : grown.join();
}

/** Nobody has a longer range to give. */
const shortest = 8;
