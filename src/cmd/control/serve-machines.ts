import type { VirtualMachine } from '../../api/types/fabric.ts';
import type { LabPaths } from '../../lab/paths.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { sameJson } from '../../lib/same-json.ts';
import { machineNetns } from '../../model/fabric/default-fabric.ts';
import { machinePorts } from '../../model/fabric/machine-ports.ts';
import { virtualMachineNetns } from '../../model/fabric/network/machine-interfaces.ts';
import { siteNetns } from '../../model/fabric/network/network-fabric.ts';
import type { NetworkWorld } from '../../model/fabric/network/world.ts';
import type { PodServing } from '../../workload/port.ts';
import { createServingClient } from '../../workload/serving-client.ts';
import { whenReady } from '../role.ts';

/** Has the holder answer on the machines of the fabric. */
export interface MachineServer {
  /** Answers there from now on, and nowhere else of the fabric. */
  serve(servings: readonly PodServing[]): void;
}

export function createMachineServer(paths: LabPaths, log: Log): MachineServer {
  const holder = createServingClient(paths.socket('holder'));
  let wanted = new Map<string, PodServing>();
  const served = new Map<string, PodServing>();
  let isBusy = false;

  /** One after the other, until all is as wanted last. */
  const work = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    try {
      await whenReady(async () => {
        for (const { uid } of await holder.list()) {
          if (isMachine(uid) && !wanted.has(uid)) await holder.unserve(uid);
        }
      });
      for (let target = wanted; ; target = wanted) {
        for (const uid of [...served.keys()].filter((known) => !target.has(known))) {
          await holder.unserve(uid);
          served.delete(uid);
        }
        for (const [uid, serving] of target) {
          if (sameJson(served.get(uid), serving)) continue;
          await holder.serve(serving);
          served.set(uid, serving);
        }
        if (target === wanted) break;
      }
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'a machine of the fabric does not answer');
    } finally {
      isBusy = false;
    }
  };
  return {
    serve(servings) {
      wanted = new Map(servings.map((serving) => [serving.uid, serving]));
      void work();
    },
  };
}

const isMachine = (uid: string): boolean => /^(?:vm|site):/.test(uid) || uid === machineNetns.services;

/** The ports that machines, sites and public services of virtual networks declare. */
export function servingsOf(world: NetworkWorld, machines: Iterable<VirtualMachine>): PodServing[] {
  const present = Map.groupBy(world.interfaces, ({ netns }) => netns);
  const addressesAt = (netns: string): string[] =>
    (present.get(netns) ?? []).flatMap(({ addresses }) => addresses);
  return [
    ...[...machines].map(machineServing).map((own) => servingAt(own, addressesAt(own.netns))),
    ...world.sites.map(({ metadata: { name }, spec }) =>
      serving(`site:${name}`, siteNetns(name), [spec.ports]),
    ),
    {
      ...serving(
        machineNetns.services,
        machineNetns.services,
        world.services.map(({ ports }) => ports),
      ),
      hasSeveralAddresses: true,
    },
  ].filter(({ netns }) => present.has(netns) || !netns.startsWith('vm-'));
}

/** The ports that a machine declares. One that has taken the name of another is another, with a namespace of its own. */
export function machineServing({ metadata: { name, uid = '' }, spec }: VirtualMachine): PodServing {
  const own = serving(`vm:${name}`, virtualMachineNetns(name), [spec.ports]);
  return { ...own, uid: `${own.uid} ${uid}` };
}

/** The same of a machine that has these addresses. */
export function servingAt(own: PodServing, addresses: readonly string[]): PodServing {
  return addresses.length > 1 ? { ...own, hasSeveralAddresses: true } : own;
}

function serving(uid: string, netns: string, declared: Parameters<typeof machinePorts>[0]): PodServing {
  return { uid, pod: uid, node: uid, netns, listeners: machinePorts(declared) };
}
