import { nodeNetns, machineNetns } from '../default-fabric.ts';
import { familyOf } from '../../../lib/address.ts';
import { labAddressesOf } from '../../network/lab-addresses.ts';
import type { Fabric, Machine, MachineRoute } from '../machines.ts';
import type { Layer2World } from './world.ts';

/** A fabric with what the objects add to it; what they do not name is as before. */
export function withLayer2(fabric: Fabric, world: Layer2World): Fabric {
  return {
    ...fabric,
    segments: [...fabric.segments, ...world.segments],
    machines: [...fabric.machines.map((machine) => extended(machine, world)), ...world.machines],
  };
}

function extended(machine: Machine, world: Layer2World): Machine {
  if (machine.netns === machineNetns.router) {
    return { ...machine, interfaces: [...machine.interfaces, ...world.ofRouter] };
  }
  if (machine.netns === machineNetns.internet) {
    return { ...machine, routes: [...machine.routes, ...world.routed.map(backTo)] };
  }
  for (const [node, more] of world.ofNodes) {
    if (machine.netns !== nodeNetns(node)) continue;
    const { interfaces, routes } = machine;
    return {
      ...machine,
      interfaces: [...interfaces, ...more.interfaces],
      routes: [...routes, ...more.routes],
      // Nobody out there knows the addresses of pods.
      masquerades: more.interfaces.map(({ name }) => name),
    };
  }
  return machine;
}

/** The internet knows the way back to what leaves by the router. */
function backTo(destination: string): MachineRoute {
  return { destination, via: labAddressesOf[familyOf(destination)].internetRouter };
}
