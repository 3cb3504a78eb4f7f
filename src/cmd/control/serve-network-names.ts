import { machineNetns } from '../../model/fabric/default-fabric.ts';
import { networkNames } from '../../model/fabric/network/names.ts';
import { platformAddress } from '../../model/fabric/network/platform.ts';
import type { NetworkWorld } from '../../model/fabric/network/world.ts';
import { serveNames, type NamesOptions, type NamesServing } from '../serve-names.ts';

/** Has the fabric of virtual networks answer the machines in them, each as `world` says at that moment. */
export function serveNetworkNames(options: NamesOptions, world: () => NetworkWorld): NamesServing {
  let known = world();
  let answer = networkNames(known);
  return serveNames({
    ...options,
    netns: machineNetns.networks,
    addresses: [platformAddress],
    answer(question, source) {
      const now = world();
      if (now !== known) [known, answer] = [now, networkNames(now)];
      return answer(question, source);
    },
  });
}
