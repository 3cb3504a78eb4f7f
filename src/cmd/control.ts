import { setImmediate as nextTurn } from 'node:timers/promises';
import { createFabric } from '../fabric/fabric.ts';
import { createNetworkNamespaces } from '../kernel/netns/real.ts';
import { createFrames } from '../kernel/frames/real.ts';
import { createNftables } from '../kernel/nft/nftables.ts';
import { createPoller } from '../kernel/poll/poller.ts';
import { createRouteNetlink } from '../kernel/route/real.ts';
import type { Sockets } from '../kernel/sockets/port.ts';
import { createSockets } from '../kernel/sockets/sockets.ts';
import { createSysctl } from '../kernel/sysctl/real.ts';
import { labPlaces } from '../lab/options.ts';
import { longestReply } from '../lib/rpc-limits.ts';
import { systemClock } from '../lib/clock.ts';
import { createRpcServer } from '../lib/rpc.ts';
import type { FollowNodesOptions, NodesFollower } from './control/follow-nodes.ts';
import { modelTraits } from '../model/network/models.ts';
import { leaseWhenAsked } from './control/lease-when-asked.ts';
import { guardFabric } from './control/guard-fabric.ts';
import { repairsMetric } from './repairs-metric.ts';
import { onSharedNetwork } from './control/shared-network.ts';
import { sharedPins } from './shared-pins.ts';
import { runRole } from './role.ts';
import { serveInternet } from './control/serve-internet.ts';
import { createMachineServer } from './control/serve-machines.ts';
import type { NamesServing } from './serve-names.ts';
import { watchHolder } from './watch-holder.ts';

/** The control process of a lab: fabric, controllers, and the API server where the lab has one of its own. */
await runRole('control', async (role) => {
  const { paths, options, log, expose } = role;
  // The worker must start before this thread ever enters a namespace: it would live there.
  const poller = createPoller();
  watchHolder({ paths, log, poller });
  const namespaces = createNetworkNamespaces({
    directory: paths.namespaces,
    elsewhere: sharedPins(paths, options),
    log,
  });
  const route = createRouteNetlink({ namespaces });
  const sysctl = createSysctl({ namespaces });
  // Here and below: what else is due in this process waits for one part of its start only.
  await nextTurn();
  const api =
    options.cluster === undefined
      ? await (await import('./control/own-api.ts')).serveOwnApi(role, namespaces)
      : await (await import('./control/cluster-api.ts')).useClusterApi(role, options.cluster);

  const kernel = { namespaces, route, sysctl, nft: createNftables({ namespaces }), clock: systemClock };
  const fabric = onSharedNetwork(createFabric(kernel), { route, namespaces, log, options });
  const { client } = api;
  const around = {
    client,
    fabric,
    places: labPlaces(options),
    config: options.config,
    ...(options.begun && { begun: options.begun }),
    ordinal: options.ordinal ?? 0,
    machines: createMachineServer(paths, log),
    log,
  };
  const sockets = createSockets({ namespaces });
  const { nodes, names } = await followWorld(around, sockets);
  const guard = guardFabric({ fabric, namespaces, poller, client, log });
  expose(() => repairsMetric(guard.repairs()));
  if (options.ordinal === undefined) void serveInternet(paths, log);
  await api.open();
  nodes.followPools();
  await api.controllers.start();
  const endRouting =
    options.ordinal === undefined
      ? await (
          await import('./control/route-by-bgp.ts')
        ).routeByBgp({ client, paths, config: options.config, log })
      : undefined;
  const endLeases =
    around.ordinal === 0 && modelTraits[options.config.model].world === 'segment'
      ? leaseWhenAsked({ client, frames: createFrames({ namespaces, poller }), sockets, poller, log })
      : undefined;
  const rpc = createRpcServer({
    path: paths.socket('control'),
    log,
    bodyLimit: longestReply,
    routes: api.routes,
  });
  await rpc.start();

  return async () => {
    await rpc.stop();
    await names?.stop();
    endLeases?.();
    guard.close();
    fabric.stop();
    await poller.close();
    await endRouting?.();
    await api.controllers.stop();
    await api.close();
  };
});

interface FollowedWorld {
  readonly nodes: NodesFollower;
  readonly names?: NamesServing;
}

/** The world that the lab's nodes are in; the program of another is not loaded. */
async function followWorld(around: FollowNodesOptions, sockets: Sockets): Promise<FollowedWorld> {
  if (modelTraits[around.config.model].world !== 'virtual-network') {
    const { followNodes } = await import('./control/follow-nodes.ts');
    return { nodes: await followNodes(around) };
  }
  const [{ followNetworks }, { serveNetworkNames }] = await Promise.all([
    import('./control/follow-networks.ts'),
    import('./control/serve-network-names.ts'),
  ]);
  const nodes = await followNetworks(around);
  return { nodes, names: serveNetworkNames({ sockets, log: around.log }, nodes.world) };
}
