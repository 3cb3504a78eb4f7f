import { resources } from '../../api/resources.ts';
import type { Pod } from '../../api/types/core.ts';
import type { Client } from '../../client/port.ts';
import { familyOf } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { NetworkNamespaces } from '../../kernel/netns/port.ts';
import type { RouteNetlink } from '../../kernel/route/port.ts';
import type { Sysctl } from '../../kernel/sysctl/port.ts';
import { lastingContainers } from '../../model/identity/pod-facts.ts';
import { podAddresses } from '../../model/network/pod-addresses.ts';
import { nodeAddresses, type NodePlace } from '../../model/network/topology.ts';
import type { PodSubnetEnd } from '../../plan/links/node.ts';
import { labSysctls } from '../../plan/sysctls.ts';
import type { Listener, PodServing } from '../../workload/port.ts';
import type { Leaving } from './drain.ts';
import type { PluginChain } from '../cni/plugin-chain.ts';
import type { Overlay } from '../overlay.ts';
import type { AddressSource } from '../addresses/address-source.ts';
import { podNetns } from './pod-netns.ts';
import { createPodAddresses } from './pod-addresses.ts';
import { networkStatusAnnotation } from '../../model/attachments/selection.ts';
import { statusOf } from '../../model/attachments/status.ts';
import type { PodNetworks, PodPlugs } from '../networks/networks.ts';
import type { RunningPod } from './running-pod.ts';
import { isReportedAs, isWaitingWith, runningStatus, waitingStatus } from './pod-status.ts';

/** Steps in the life of one node's pods. Each can be repeated after it failed. */
export interface PodLife {
  /** Gives the pod an address, the one it had where that is possible. Throws `addresses-exhausted`. */
  claim(key: string, pod: Pod): PodRun;
  /** Wires, serves and reports, from where the pod is. Throws what the first of them does that fails. */
  bringUp(run: PodRun, pod: Pod): Promise<void>;
  /** Takes away all that is there of the pod; its address is free afterwards. */
  takeDown(run: PodRun): Promise<void>;
  /** Tells the API that a pod which is being deleted has ended here. */
  end(pod: Pod): Promise<void>;
  /** Whether a pod has the address, or had it a moment ago. */
  isTaken(address: string): boolean;
  /** Writes into the status why the pod waits, unless it says so already. */
  reportWaiting(pod: Pod, why: string): Promise<void>;
}

/** Who serves a pod's ports: the stand-ins of the holder, or the DNS process for the cluster's DNS pods. */
export interface Serving {
  serve(pod: PodServing): Promise<readonly Listener[]>;
  unserve(uid: string): Promise<void>;
  /** What it serves now, also for an earlier process of the agents. */
  list(): Promise<readonly Pick<PodServing, 'uid' | 'pod'>[]>;
}

/** What the programs of a pod find in their files, such as how to resolve names. */
export interface PodSettings {
  write(pod: Pod): void;
  /** Does nothing when there are none. */
  remove(uid: string): void;
  /** Uids of the pods that have any. */
  list(): readonly string[];
}

/** What bringing pods up and taking them down needs. */
export interface PodLifeOptions {
  readonly node: NodePlace;
  /** Where the node's pods have their addresses from: a source for each family. */
  readonly addressSources: readonly AddressSource[];
  /** Pin's name of the node's own namespace, where host-network pods live. */
  readonly nodeNetns: string;
  readonly client: Client;
  /** The pod as the API has it now. */
  readonly pod: (key: string) => Pod | undefined;
  /** Key of the pod that has an address in the API. */
  readonly podAt: ReadonlyMap<string, string>;
  readonly namespaces: NetworkNamespaces;
  readonly route: RouteNetlink;
  readonly sysctl: Sysctl;
  readonly overlay: Overlay;
  /** Wires pods, and knows their addresses, where somebody else sees to the network; then the overlay has none. */
  readonly plugins?: PluginChain | undefined;
  readonly servingOf: (pod: Pod) => Serving;
  /** Isolates the pod and programs what that takes, before anything of it can send; undefined when it goes. */
  readonly isolate: (key: string, pod: RunningPod | undefined) => void;
  /** Makes every node forget the addresses, which nobody has any more, and resolves when they may be given again. */
  readonly released: (key: string, addresses: readonly string[]) => Promise<void>;
  readonly settings: PodSettings;
  readonly networks: Pick<PodNetworks, 'find' | 'plug' | 'release'>;
  /** Resolves when a few milliseconds of work in one piece are welcome: hundreds of pods may come at once. */
  readonly turn: () => Promise<void>;
  readonly clock: Clock;
}

/**
 * How far a pod has come. `claimed`: it has an address, and maybe a wire of an earlier process; `wired`: nobody
 * answers yet; `served`: the API does not know yet; `running`: nothing is left to do.
 */
type PodStage = 'claimed' | 'wired' | 'served' | 'running';

/** A pod that the node runs, or is about to. */
export interface PodRun extends RunningPod {
  /** `namespace/name` */
  readonly key: string;
  /** Those of plugins are known when it is wired. */
  addresses: readonly string[];
  /** What its addresses are of, where that is a subnet of a network. */
  readonly subnet: PodSubnetEnd | undefined;
  readonly servedBy: Serving;
  readonly hostNetwork: boolean;
  stage: PodStage;
  leaving: Leaving | undefined;
  /** Why its wire cannot be mended. */
  broken: string | undefined;
  /** Its further interfaces, once they are known. */
  plugs: PodPlugs | undefined;
}

export function createPodLife(options: PodLifeOptions): PodLife {
  const { node, client, clock, plugins } = options;
  const addresses = createPodAddresses(options.addressSources, (address) => options.podAt.get(address));

  const writeStatus = async (
    pod: Pod,
    status: NonNullable<Pod['status']>,
    annotations?: Readonly<Record<string, string>>,
  ): Promise<void> => {
    const { namespace = 'default', name, uid } = pod.metadata;
    // The uid keeps it from a successor of the same name.
    const body = { metadata: { uid, ...(annotations && { annotations }) }, status };
    await client.patch(resources.pods, { namespace, name }, { subresource: 'status', body });
  };

  const wire = async (run: PodRun, pod: Pod): Promise<void> => {
    if (!run.hostNetwork) {
      const isNew = ensureNamespace(options, run.netns);
      if (plugins !== undefined) run.addresses = await plugins.add(pod, run.netns);
      options.isolate(run.key, run);
      if (plugins === undefined) options.overlay.addPod(run, { isNew });
      if (run.plugs !== undefined) options.networks.plug(run, run.plugs);
    }
    options.settings.write(pod);
    run.stage = 'wired';
  };

  const addressesFor = (key: string, pod: Pod): readonly string[] => {
    // Who runs there already goes on, whatever its node is called now.
    if (node.os === 'windows' && podAddresses(pod).length === 0)
      throw new WeftError(
        'node-runs-windows',
        `node ${node.name} runs Windows: Weft plans its addresses and runs no pods there`,
      );
    if (pod.spec.hostNetwork === true) return nodeAddresses(node);
    if (plugins !== undefined) return plugins.addressesOf(pod.metadata.uid ?? '');
    return addresses.take(key, podAddresses(pod));
  };

  const serve = async (run: PodRun, pod: Pod): Promise<void> => {
    const { uid, key, netns } = run;
    await run.servedBy.serve({ uid, pod: key, node: node.name, netns, listeners: listenersOf(pod) });
    run.stage = 'served';
  };

  const reportBroken = async (run: PodRun, pod: Pod, message: string): Promise<void> => {
    if (!isWaitingWith(pod, message)) {
      await writeStatus(pod, waitingStatus(pod, { reason: 'NetworkBroken', message }, clock.now()));
    }
    run.stage = 'running';
  };

  const report = async (run: PodRun): Promise<void> => {
    const pod = options.pod(run.key);
    // It went, or was replaced, while it was being served: its event is on the way.
    if (pod?.metadata.uid !== run.uid) return;
    if (run.broken !== undefined) return reportBroken(run, pod, run.broken);
    const addressing = { addresses: run.addresses, nodeAddresses: nodeAddresses(node) };
    const networks = run.plugs && statusOf(run.addresses, run.plugs.links);
    const isTold = networks === undefined || pod.metadata.annotations?.[networkStatusAnnotation] === networks;
    if (!isTold || !isReportedAs(pod, addressing)) {
      const annotations = networks === undefined ? undefined : { [networkStatusAnnotation]: networks };
      await writeStatus(pod, runningStatus(pod, { ...addressing, now: clock.now() }), annotations);
    }
    run.stage = 'running';
  };

  return {
    claim(key, pod) {
      const uid = pod.metadata.uid ?? '';
      const hostNetwork = pod.spec.hostNetwork === true;
      return {
        key,
        uid,
        netns: hostNetwork ? options.nodeNetns : podNetns(uid),
        addresses: addressesFor(key, pod),
        subnet: options.addressSources[0]?.subnet?.(),
        servedBy: options.servingOf(pod),
        hostNetwork,
        stage: 'claimed',
        leaving: undefined,
        broken: undefined,
        plugs: undefined,
      };
    },
    async bringUp(run, pod) {
      if (run.stage === 'claimed') {
        run.plugs = options.networks.find(pod);
        await options.turn();
        await wire(run, pod);
      }
      if (run.stage === 'wired') await serve(run, pod);
      if (run.stage === 'served') await report(run);
    },
    async takeDown(run) {
      await unserve(run);
      await options.turn();
      options.settings.remove(run.uid);
      if (run.hostNetwork) return;
      options.isolate(run.key, undefined);
      if (plugins === undefined) options.overlay.removePod(run.uid);
      else await plugins.remove(run.uid, run.netns);
      options.route.forget(run.netns);
      options.namespaces.delete(run.netns);
      await options.released(run.key, run.addresses);
      if (run.plugs !== undefined) await options.networks.release(run.uid);
      addresses.release(run.addresses);
    },
    async end({ metadata: { namespace = 'default', name, uid = '' } }) {
      await client.delete(resources.pods, { namespace, name }, { uid, graceSeconds: 0 });
    },
    isTaken: (address) => addresses.isTaken(address),
    async reportWaiting(pod, why) {
      if (isWaitingWith(pod, why)) return;
      await writeStatus(pod, waitingStatus(pod, { reason: 'NotStarted', message: why }, clock.now()));
    },
  };
}

/** Every declared port of every container that lasts, once. */
function listenersOf(pod: Pod): Listener[] {
  const listeners = new Map<string, Listener>();
  for (const { containerPort, protocol = 'TCP' } of lastingContainers(pod).flatMap(
    ({ ports }) => ports ?? [],
  )) {
    listeners.set(`${protocol} ${containerPort}`, { protocol, port: containerPort });
  }
  return [...listeners.values()];
}

/** A process that cannot be reached has ended, and what it served with it. */
async function unserve({ servedBy, uid }: PodRun): Promise<void> {
  try {
    await servedBy.unserve(uid);
  } catch (thrown) {
    if (!(thrown instanceof WeftError && thrown.code === 'rpc-unreachable')) throw thrown;
  }
}

/** False when an earlier process of this lab made it: the pod has been running all along, or was about to. */
function ensureNamespace({ namespaces, sysctl, node }: PodLifeOptions, netns: string): boolean {
  const isNew = createUnlessThere(namespaces, netns);
  sysctl.write(netns, labSysctls(nodeAddresses(node).map(familyOf)));
  return isNew;
}

function createUnlessThere(namespaces: NetworkNamespaces, netns: string): boolean {
  try {
    namespaces.create(netns);
    return true;
  } catch (error) {
    if (error instanceof WeftError && error.code === 'netns-exists') return false;
    throw error;
  }
}
