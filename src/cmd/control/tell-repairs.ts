import { fabricResources, resources, type Resource } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Client } from '../../client/port.ts';
import { createEventRecorder } from '../../controllers/events.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { nodeNetns } from '../../model/fabric/default-fabric.ts';
import { virtualMachineNetns } from '../../model/fabric/network/machine-interfaces.ts';

/** Tells people, by Events, what somebody else had changed of the fabric and was mended. */
export interface RepairTeller {
  /** Something in namespaces of the fabric. */
  repaired(): void;
  /** Namespaces that had been unpinned, by their pins' names. */
  restored(pins: ReadonlySet<string>): void;
}

/** Nodes and machines are told of their own; of what else there is of the fabric, routers and switches, all nodes are. */
export function createRepairTeller({ client, log }: { client: Client; log: Log }): RepairTeller {
  const events = createEventRecorder({ client, clock: systemClock, log, component: 'weft-fabric' });

  const tell = async (reason: string, told: Promise<readonly Told[]>): Promise<void> => {
    try {
      for (const { object, message } of await told) events.warn(object, reason, message);
    } catch (error) {
      log.debug({ error: messageOf(error) }, 'an Event could not be told');
    }
  };

  const all = async <T extends KubernetesObject>(resource: Resource<T>): Promise<readonly T[]> =>
    (await client.list(resource)).items;

  return {
    repaired() {
      const message = 'cables or routes that somebody else changed were mended';
      const nodes = all(resources.nodes);
      void tell(
        'FabricRepaired',
        nodes.then((items) => items.map((object) => ({ object, message }))),
      );
    },
    restored(pins) {
      const isOfMachine = [...pins].some((pin) => pin.startsWith(virtualMachineNetns('')));
      const owners = Promise.all([
        all(resources.nodes),
        isOfMachine ? all(fabricResources.virtualmachines) : [],
      ]);
      void tell(
        'NamespaceRestored',
        owners.then(([nodes, machines]) => restoredTo(pins, nodes, machines)),
      );
    },
  };
}

interface Told {
  readonly object: KubernetesObject;
  readonly message: string;
}

function restoredTo(
  pins: ReadonlySet<string>,
  nodes: readonly KubernetesObject[],
  machines: readonly KubernetesObject[],
): Told[] {
  const owners = new Map([
    ...nodes.map((node) => [nodeNetns(node.metadata.name), node] as const),
    ...machines.map((machine) => [virtualMachineNetns(machine.metadata.name), machine] as const),
  ]);
  const what = 'that somebody had deleted was put back as it was';
  return [...pins].flatMap((pin) => {
    const owner = owners.get(pin);
    if (owner !== undefined) return [{ object: owner, message: `the network namespace ${what}` }];
    return nodes.map((object) => ({ object, message: `the network namespace ${pin} of the fabric ${what}` }));
  });
}
