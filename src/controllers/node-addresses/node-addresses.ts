import { addressResources, fabricResources } from '../../api/resources.ts';
import type { NodeNetworkConfig, NodeNetworkConfigStatus } from '../../api/types/address.ts';
import type { Node } from '../../api/types/core.ts';
import { apiCode } from '../../client/errors.ts';
import { sameJson } from '../../lib/same-json.ts';
import { askerOf, nodeConfigNamespace, statusOf, withTelling } from '../../model/addressing/config-status.ts';
import { scalerFor } from '../../model/addressing/demand.ts';
import { isReturning, settle, telling, withdraw, type Asker } from '../../model/addressing/ledger.ts';
import { subnetModeOf, type PodSubnet, type SubnetMode } from '../../model/addressing/pod-subnets.ts';
import { readRanges, sharesOf, type Share } from '../../model/addressing/shares.ts';
import { pictureOf, type SubnetPicture } from '../../model/addressing/shortage.ts';
import { countPieces } from '../../model/addressing/subnet-room.ts';
import { done, type Outcome } from '../../reconcile/outcome.ts';
import { forEachBounded } from '../bounded.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from '../controller.ts';
import { exactly, nameOf } from '../pod-writes.ts';
import { readAllocation, writeAllocation } from './allocations.ts';
import { modelTraits } from '../../model/network/models.ts';
import { createBlockShortages } from './block-shortages.ts';
import { followSubnets } from './follow-subnets.ts';
import { addressOf, maxPodsOf, newNodeConfig } from './new-node-config.ts';
import { createShortages } from './shortages.ts';

const configs = addressResources.nodenetworkconfigs;

/** Changes that come within this time are one look at the subnet. */
const gatherMs = 5;
/** So long addresses of a node that has gone rest: its machine may have to hear of it. */
const restMs = 5_000;

/**
 * Gives nodes addresses of a subnet for their pods, in the models that do so (see model/addressing/ledger), and tells pods for
 * which none is left, also where nodes have blocks.
 */
export function createNodeAddressesController(context: ControllerContext): Controller {
  const mode = subnetModeOf(context.config);
  if (mode !== undefined) return controllerFor(context, mode);
  const { podAddresses } = modelTraits[context.config.model];
  return podAddresses === 'blocks'
    ? createBlockShortages(context)
    : controllerOf('node-addresses', [], () => []);
}

/** A node that has addresses of the subnet, with the object that tells it. */
interface Member {
  readonly node: Node;
  config: NodeNetworkConfig;
}

function controllerFor(context: ControllerContext, mode: SubnetMode): Controller {
  const { client, clock } = context;
  const known = client.informer(configs);
  const networks = client.informer(fabricResources.virtualnetworks);
  const machines = client.informer(fabricResources.virtualmachines);
  const subnets = followSubnets(context, { networks, machines, mode });
  const shortages = createShortages(context, (node) => subnets.podsOf(node));
  /** When the objects of shares were found to be gone, by uid. */
  const goneSince = new Map<string, number>();
  const ready = Promise.all([known.synced, networks.synced, machines.synced]);

  async function reconcile(id: string): Promise<Outcome> {
    await ready;
    const subnet = subnets.get(id);
    if (subnet === undefined) return done;
    // What is written later is conditional on these objects, so the shares are read after them: see the ledger.
    const members = await membersOf(subnet);
    const allocation = await readAllocation(client, subnet);
    const shares = sharesOf(allocation);
    await forEachBounded(members, (member) => withdrawFrom(member, shares.get(member.node.metadata.name)));
    const askers = members.map(askerFor);
    const room = subnets.roomOf(subnet);
    const settled = settle(shares, askers, room, {
      gone: await goneOf(shares.values(), askers),
      kept: () => readRanges(subnets.podAddresses()),
    });
    await writeAllocation(client, allocation, { subnet, shares: settled.values() });
    const picture = pictureOf(settled, askers, {
      subnet,
      mode,
      usable: countPieces(room.ranges, room.piece),
    });
    await forEachBounded(members, (member) => tell(member, settled, picture));
    const afterMs = shortages.tell(picture);
    if (members.some((member) => isReturning(askerFor(member)))) return { kind: 'wait', afterMs: gatherMs };
    if (afterMs !== undefined) return { kind: 'wait', afterMs };
    return goneSince.size > 0 ? { kind: 'wait', afterMs: restMs } : done;
  }

  const askerFor = ({ node, config }: Member): Asker =>
    askerOf(config, subnets.podsOf(node.metadata.name).length);

  /** Nodes of the subnet with their objects, made where there are none yet. */
  async function membersOf(subnet: PodSubnet): Promise<Member[]> {
    const members: Member[] = [];
    await forEachBounded(subnets.nodesOf(subnet), async (node) => {
      const config = known.get(`${nodeConfigNamespace}/${node.metadata.name}`) ?? (await create(node));
      if (config === undefined) return;
      if (isOf(config, node)) members.push({ node, config });
      // That of an earlier node of the name: who collects garbage may not have come to it yet.
      else await client.delete(configs, nameOf(config), exactly(config));
    });
    return members.toSorted((a, b) => (a.node.metadata.name < b.node.metadata.name ? -1 : 1));
  }

  async function create(node: Node): Promise<NodeNetworkConfig | undefined> {
    try {
      return await client.create(configs, newNodeConfig(node, mode, context.config));
    } catch (thrown) {
      // The cache is about to say so.
      if (apiCode(thrown) === 'api-already-exists') return undefined;
      throw thrown;
    }
  }

  async function withdrawFrom(member: Member, share: Share | undefined): Promise<void> {
    const told = withdraw(share, askerFor(member));
    const status = told && withTelling(member.config.status, told);
    if (status !== undefined) await write(member, status);
  }

  async function tell(
    member: Member,
    shares: ReadonlyMap<string, Share>,
    picture: SubnetPicture,
  ): Promise<void> {
    const { name } = member.node.metadata;
    const told = telling(shares.get(name), askerFor(member));
    if (told === undefined) return;
    const status = statusOf(told, {
      ...picture,
      nodeAddress: addressOf(member.node),
      scaler: scalerFor(maxPodsOf(member.node, context.config), picture),
      isServed: !picture.missing.has(name),
    });
    if (!sameJson(status, member.config.status)) await write(member, status);
  }

  async function write(member: Member, status: NodeNetworkConfigStatus): Promise<void> {
    member.config = await client.updateStatus(configs, { ...member.config, status });
  }

  /** Uids of the objects of shares that are there no more, as the API has it now. */
  async function goneOf(shares: Iterable<Share>, askers: readonly Asker[]): Promise<ReadonlySet<string>> {
    const there = new Set(askers.map(({ uid }) => uid));
    const gone = new Set<string>();
    await forEachBounded(shares, async ({ name, uid }) => {
      if (there.has(uid)) return;
      const found = await client.get(configs, { namespace: nodeConfigNamespace, name });
      if (found?.metadata.uid === uid) return;
      if (!goneSince.has(uid)) goneSince.set(uid, clock.monotonic());
      if (clock.monotonic() - (goneSince.get(uid) ?? 0) >= restMs) gone.add(uid);
    });
    for (const uid of gone) goneSince.delete(uid);
    return gone;
  }

  const reconciler = reconcilerFor(context, 'node-addresses', reconcile);
  const look = (id: string): void => reconciler.enqueueAfter(id, gatherMs);
  return controllerOf('node-addresses', [reconciler], () => [
    ...subnets.follow(look, (id) => shortages.isShort(id)),
    known.onChange(({ previous, current }) => {
      const isAnswered =
        previous?.metadata.uid === current?.metadata.uid && sameJson(previous?.spec, current?.spec);
      // Only who gives addresses writes the status.
      if (!isAnswered) for (const id of subnets.ids()) look(id);
    }),
  ]);
}

/** Whether the object was made for this very node. */
function isOf({ metadata }: NodeNetworkConfig, node: Node): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === node.metadata.uid) ?? false;
}
