import { keyOf } from '../api/resources.ts';
import type { Client } from '../client/port.ts';
import { placeFamilies, type NodePlace } from '../model/network/topology.ts';
import { createPolicyNumbers } from '../plan/policy/numbers.ts';
import { createServicePlanner } from '../plan/services/elements.ts';
import type { NodeAddressing } from './addresses/node-addressing.ts';
import type { CniNodes } from './cni/cni-nodes.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Denials } from './policies/denials.ts';
import { stateOfAll } from './services/endpoint-index.ts';
import type { Freshness } from './freshness.ts';
import type { PodNetworks } from './networks/networks.ts';
import { createNodeAgent, type NodeAgent } from './node-agent.ts';
import { createNodeFront, type NodeFront } from './front/node-front.ts';
import type { AgentsOptions } from './options.ts';
import { createPodRunner, type PodRunner } from './pods/pod-runner.ts';
import type { Releases } from './pods/releases.ts';
import type { TurnShare } from './turns/turn-share.ts';

/** Makes what a node consists of in this process. Nothing of it touches the kernel yet. */
export interface NodeParts {
  readonly agentOf: (place: NodePlace) => NodeAgent;
  readonly runnerOf: (place: NodePlace, agent: NodeAgent) => PodRunner;
  readonly frontOf: (place: NodePlace, agent: NodeAgent, freshness: Freshness) => NodeFront;
  /** No further node joins for now: what those that did were programmed with alike need not be kept. */
  readonly forgetCommon: () => void;
  /** Every node has what was planned for it: see `ServicePlanner`. */
  readonly settled: () => void;
}

/** What all nodes of this process share. */
export interface Shared {
  readonly view: ClusterView;
  readonly clientOf: (node: string) => Client;
  readonly addressing: NodeAddressing;
  readonly denials: Pick<Denials, 'watch' | 'forget'>;
  readonly networks: PodNetworks;
  readonly cni: CniNodes | undefined;
  readonly releases: Releases;
  /** Pods of all nodes are set up and taken down one after the other. */
  readonly wiring: TurnShare;
}

export function createNodeParts(options: AgentsOptions, shared: Shared): NodeParts {
  const { kernel, config, clock, log, netnsOfNode } = options;
  const { view, addressing, networks, cni } = shared;
  const planner = createServicePlanner();
  const numbers = createPolicyNumbers();

  return {
    agentOf: (place) =>
      createNodeAgent({
        ...kernel,
        planner,
        numbers,
        place,
        netns: netnsOfNode(place.name),
        view,
        config,
        onNamespace: (netns, subjects) =>
          subjects === undefined
            ? shared.denials.forget(netns)
            : shared.denials.watch(place.name, netns, subjects),
      }),

    runnerOf: (place, agent) =>
      createPodRunner({
        ...kernel,
        node: place,
        nodeNetns: netnsOfNode(place.name),
        addressSources: addressing.sourcesOf(place),
        plugins: cni?.chainOf(place, netnsOfNode(place.name)),
        needsChanged: () => addressing.touch(place.name),
        client: shared.clientOf(place.name),
        pod: (key) => view.pods.get(key),
        podAt: view.podAt,
        endpointState: (key, addresses) => stateOfAll(view.endpoints, key, addresses),
        overlay: agent.overlay,
        servingOf: options.servingOf,
        isolate: (key, pod) => agent.isolate(key, pod),
        async released(key, addresses) {
          for (const address of addresses) view.endpoints.forget(key, address);
          await Promise.all(addresses.map((address) => shared.releases.add(address)));
        },
        settings: options.settings,
        networks,
        turn: shared.wiring,
        clock,
        log,
      }),

    frontOf(place, agent, freshness) {
      const front = createNodeFront({
        name: place.name,
        netns: netnsOfNode(place.name),
        families: placeFamilies(place),
        doors: () => agent.nodePortAddresses(),
        isOnLocalhost: config.localhostNodePorts,
        node: () => view.nodes.get(place.name),
        service: (key) => view.serviceObjects.get(key),
        portsOf: (key) => view.services.portsOf(key),
        freshness,
        inside: options.inside,
        clock,
        log,
      });
      front.update([...view.serviceObjects.values()].map(keyOf));
      return front;
    },

    forgetCommon: () => planner.forgetCommon(),
    settled: () => planner.settled(),
  };
}
