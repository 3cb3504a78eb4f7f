import { join } from 'node:path';
import { createDaemonKeeper } from '../../agent/bgp/daemon-keeper.ts';
import { createPeerWatch } from '../../agent/bgp/peer-watch.ts';
import { resources } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import type { Client } from '../../client/port.ts';
import { whyNoSignedSegments } from '../../kernel/sockets/tcp-md5.ts';
import type { LabPaths } from '../../lab/paths.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { machineNetns } from '../../model/fabric/default-fabric.ts';
import { familiesOfNetwork, type NetworkConfig } from '../../model/network/config.ts';
import { labAddressesOf } from '../../model/network/lab-addresses.ts';
import { placeOf } from '../../model/network/places.ts';
import { routerSpeaker } from '../../plan/bgp/speakers.ts';
import { bgpDaemons } from '../bgp-daemons.ts';

export interface RouteOptions {
  readonly client: Client;
  readonly paths: LabPaths;
  readonly config: NetworkConfig;
  readonly log: Log;
}

/**
 * The lab's router speaks BGP with whoever has it as a BGPPeer: what its operator would configure there follows from
 * the same objects. Returns the function that ends this; the daemon goes on.
 */
export async function routeByBgp({ client, paths, config, log }: RouteOptions): Promise<() => Promise<void>> {
  const addresses = familiesOfNetwork(config).map((family) => labAddressesOf[family].router);
  const place = { name: machineNetns.router, netns: join(paths.namespaces, machineNetns.router) };
  const nodes = client.informer<Node>(resources.nodes);
  const keeper = createDaemonKeeper({
    daemons: bgpDaemons('router', paths.bgp.router, log),
    clock: systemClock,
    log,
    // The log has it; nodes tell people, for the sessions are theirs.
    onFailure: () => {},
    onSession: () => {},
  });
  const follow = (): void => {
    const known = [...nodes.values()].flatMap((node) => {
      const found = placeOf(node, config.model);
      return found === undefined ? [] : [{ place: found, node }];
    });
    keeper.set(place, routerSpeaker(addresses, known, watch.current().peers));
  };
  const watch = createPeerWatch({
    client,
    clock: systemClock,
    log,
    onChange: follow,
    whyNoPasswords: () => whyNoSignedSegments()?.message,
  });
  await watch.start();
  const end = nodes.onChange(follow);
  follow();
  return async () => {
    end();
    watch.stop();
    await keeper.stop();
  };
}
