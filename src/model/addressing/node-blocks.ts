import type { Node } from '../../api/types/core.ts';
import { contains, formatPrefix, parsePrefix, prefixOf, type Prefix } from '../../lib/prefix.ts';
import type { NetworkConfig } from '../network/config.ts';
import { countPodBlocks, podBlocks, podCidrsOf } from '../network/places.ts';

type Ranges = Pick<NetworkConfig, 'podCidrs'>;

/** Nodes without a block of the pod range, and what there is for them. */
export interface NodeBlocks {
  /** By the node's name: a block of each range. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** What a node is told for which there is none, by its name. */
  readonly missing: ReadonlyMap<string, string>;
}

/** The first free blocks, for nodes in order of their names. */
export function shareBlocks(config: Ranges, nodes: readonly Node[]): NodeBlocks {
  const waiting = nodes
    .filter((node) => podCidrsOf(node).length === 0)
    .map(({ metadata }) => metadata.name)
    .toSorted();
  const given = new Map<string, readonly string[]>();
  const free = freeBlocks(config, nodes.flatMap(podCidrsOf));
  for (const name of waiting) {
    const { value, done } = free.next();
    if (done === true || value === undefined) break;
    given.set(name, value);
  }
  const without = waiting.filter((name) => !given.has(name));
  const text = without.length === 0 ? '' : shortageOf(config, nodes.length, without.length);
  return { given, missing: new Map(without.map((name) => [name, text])) };
}

function* freeBlocks(config: Ranges, taken: readonly string[]): Generator<readonly string[], undefined> {
  const all = taken.flatMap((text) => parsePrefix(text) ?? []);
  for (let index = 0; ; index++) {
    const blocks = podBlocks(config, index);
    if (blocks === undefined) return undefined;
    const parsed = blocks.flatMap((text) => parsePrefix(text) ?? []);
    if (!parsed.some((block) => all.some((other) => overlap(block, other)))) yield blocks;
  }
}

const overlap = (a: Prefix, b: Prefix): boolean => contains(a, b.network) || contains(b, a.network);

/** How many blocks are missing and what would help, for people. */
function shortageOf(config: Ranges, nodes: number, missing: number): string {
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
