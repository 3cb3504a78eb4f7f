import { layer2Resources, loadBalancerResources } from '../../api/resources.ts';
import type { IPAddressPool } from '../../api/types/load-balancer.ts';
import type { Informer } from '../../client/port.ts';
import { canonicalAddress } from '../../lib/address.ts';
import { sameJson } from '../../lib/same-json.ts';
import { segmentAddressName } from '../../model/fabric/layer2/demands.ts';
import { nodeDomain } from '../../model/fabric/layer2/node-addresses.ts';
import { poolsOf, type Pool } from '../../model/load-balancer/pools.ts';
import type { ControllerContext } from '../controller.ts';

/** What addresses there are to give. */
export interface FollowedPools {
  readonly objects: Informer<IPAddressPool>;
  readonly synced: Promise<void>;
  /** In the order in which they are tried. */
  usable(): readonly Pool[];
  /** Whether a node, or somebody else on the nodes' segment, has the address, whatever pool it is in. */
  isOfMachine(address: string): boolean;
  /** Calls back when what Services can be given may have changed. Returns how to end it. */
  follow(changed: () => void): () => void;
}

/** Pools that cannot be used are told of by an Event. */
export function followPools(context: ControllerContext): FollowedPools {
  const { client, cache, events } = context;
  const objects = client.informer(loadBalancerResources.ipaddresspools);
  const claims = (context.around?.client ?? client).informer(layer2Resources.segmentaddresses);
  const isClaimed = (address: string): boolean =>
    claims.get(segmentAddressName(nodeDomain, address)) !== undefined;
  const told = new Map<string, string>();
  let pools: readonly Pool[] = [];
  let nodeAddresses: ReadonlySet<string> = new Set();

  const readPools = (): void => {
    const { pools: usable, problems } = poolsOf(objects.values());
    pools = usable;
    for (const { pool, why } of problems) {
      const { uid = pool.metadata.name } = pool.metadata;
      if (told.get(uid) !== why) events.warn(pool, 'InvalidPool', why);
      told.set(uid, why);
    }
  };
  const readNodes = (): boolean => {
    const before = [...nodeAddresses];
    const addresses = [...cache.nodes.values()].flatMap(({ status }) => status?.addresses ?? []);
    nodeAddresses = new Set(addresses.map(({ address }) => canonicalAddress(address)));
    return !sameJson(before, [...nodeAddresses]);
  };

  return {
    objects,
    synced: objects.synced,
    usable: () => pools,
    isOfMachine: (address) => nodeAddresses.has(address) || isClaimed(address),
    follow(changed) {
      const ends = [
        objects.onChange(({ previous, current }) => {
          // Its counters are written here as well.
          if (previous !== undefined && current !== undefined && isSame(previous, current)) return;
          readPools();
          changed();
        }),
        cache.nodes.onChange(() => {
          if (readNodes()) changed();
        }),
        claims.onChange(({ current, previous }) => {
          if (
            (current ?? previous)?.spec.domain === nodeDomain &&
            (current === undefined) !== (previous === undefined)
          )
            changed();
        }),
        cache.namespaces.onChange(({ previous, current }) => {
          if (previous !== undefined && !sameJson(previous.metadata.labels, current?.metadata.labels))
            changed();
        }),
      ];
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

function isSame(a: IPAddressPool, b: IPAddressPool): boolean {
  return (
    a.metadata.uid === b.metadata.uid &&
    sameJson(a.spec, b.spec) &&
    sameJson(a.metadata.labels, b.metadata.labels) &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp
  );
}
