import { resources } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import { shareBlocks } from '../../model/addressing/node-blocks.ts';
import { podCidrsOf } from '../../model/network/places.ts';
import { done, type Outcome } from '../../reconcile/outcome.ts';
import { forEachBounded } from '../bounded.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from '../controller.ts';
import { readPromises } from './promises.ts';

const everything = 'everything';

/** Nodes that come together are one look. */
const gatherMs = 5;

/**
 * Gives nodes that come without one a block of the pod range, as kube-controller-manager does, and tells those for which none
 * is left. A block is promised, in one object for all nodes, before the Node object says it: of two processes that give
 * blocks at the same time, for leases are not perfect, only one can write the promise. So the promises are read before
 * the nodes: one that is there no more is kept, which the Node object says, or its node is gone.
 */
export function createNodeBlocksController(context: ControllerContext): Controller {
  const { cache, client, config, events } = context;
  /** What a node was told last, by uid: the same is not told again. */
  const told = new Map<string, string>();

  async function reconcile(): Promise<Outcome> {
    const known = [...cache.nodes.values()];
    if (known.every(hasBlocks)) return done;
    const promises = await readPromises(client);
    // What the cache does not have yet may have been given already.
    const { items } = await client.list(resources.nodes);
    const { given, missing } = shareBlocks(config, items, promises.blocks);
    await promises.replace(given);
    await forEachBounded(items, async (node) => {
      const { uid = '' } = node.metadata;
      const [blocks, text] = [given.get(uid), missing.get(uid)];
      if (blocks !== undefined) await give(node, blocks);
      if (text === undefined || told.get(uid) === text) return;
      told.set(uid, text);
      events.warn(node, 'CIDRNotAvailable', text);
    });
    return done;
  }

  async function give(node: Node, podCIDRs: readonly string[]): Promise<void> {
    const [podCIDR = ''] = podCIDRs;
    await client.update(resources.nodes, {
      ...node,
      spec: { ...node.spec, podCIDR, podCIDRs: [...podCIDRs] },
    });
  }

  const reconciler = reconcilerFor(context, 'node-blocks', reconcile);
  return controllerOf('node-blocks', [reconciler], () => [
    cache.nodes.onChange(({ previous, current }) => {
      if (current === undefined) told.delete(previous?.metadata.uid ?? '');
      if (current === undefined || !hasBlocks(current)) reconciler.enqueueAfter(everything, gatherMs);
    }),
  ]);
}

const hasBlocks = (node: Node): boolean => podCidrsOf(node).length > 0;
