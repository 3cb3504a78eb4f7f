import type { Cluster } from '../../model/cluster.ts';
import { openWorld } from '../world.ts';
import { shop, shopPolicies } from './shop.ts';
import { folderOf } from './terminal.ts';

/** The cluster of the shop's manifests, with its policies unless said otherwise. */
export async function shopCluster({ withPolicies = true } = {}): Promise<Cluster> {
  using folder = folderOf({ 'shop.yaml': shop, ...(withPolicies ? { 'policies.yaml': shopPolicies } : {}) });
  const noLab = (): never => {
    throw new Error('there is no lab here');
  };
  const world = await openWorld({ connect: noLab, openCluster: noLab }, { file: [folder.path], name: '' });
  return world.cluster;
}
