import { dirname } from 'node:path';
import { labOfCluster } from '../lab/names.ts';
import type { LabOptions } from '../lab/options.ts';
import { labPaths, type LabPaths } from '../lab/paths.ts';
import { machineNetns, nodeSegment, segmentNetns } from '../model/fabric/default-fabric.ts';

/**
 * What a further cluster of a lab sees of the first one's namespaces, with the directory that they are pinned in: they
 * are in one mount namespace, whose root is at `root`.
 */
export function sharedPins(paths: LabPaths, { ordinal }: LabOptions, root = ''): ReadonlyMap<string, string> {
  const first = labOfCluster(paths.name);
  if (first === undefined || ordinal === undefined) return new Map();
  const directory = root + labPaths(dirname(paths.directory), first).namespaces;
  const { router, internet } = machineNetns;
  return new Map([router, internet, segmentNetns(nodeSegment)].map((name) => [name, directory]));
}
