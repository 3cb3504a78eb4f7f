import { setImmediate as turn } from 'node:timers/promises';
import { keyOf, resources } from '../../../src/api/resources.ts';
import type { Pod } from '../../../src/api/types/core.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { NetworkPolicy } from '../../../src/api/types/network.ts';
import { createFakeClient, type FakeClientOptions } from '../../../src/client/fake/client.ts';
import type { Client } from '../../../src/client/port.ts';
import { createFakeClock, type FakeClock } from '../../../src/lib/fake-clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { defaultNetworkConfig } from '../../../src/model/network/config.ts';
import { createAgents, type Agents } from '../../../src/agent/agents.ts';
import type { AgentsOptions } from '../../../src/agent/options.ts';
import type { PodSettings } from '../../../src/agent/pods/pod-life.ts';
import { createFakeMachine, netnsOfNode, twoNodes, type FakeMachine } from './fake-machine.ts';
import { createFakeServing, createFakeSettings, type FakeServing } from './fake-serving.ts';
import { nodeOf } from './objects.ts';

/** A cluster in memory: an API, a kernel and the process that serves pods, all of which outlive its agents. */
export interface FakeCluster {
  readonly client: Client;
  readonly machine: FakeMachine;
  readonly serving: FakeServing;
  readonly settings: PodSettings;
  readonly clock: FakeClock;
  /** Starts agents, as a new process would. The returned function ends them. */
  startAgents(
    options?: Partial<Pick<AgentsOptions, 'kernel' | 'config' | 'inside' | 'onBroken'>>,
  ): Promise<Agents>;
  /** Everything that follows from what happened is done; time stands still. */
  settled(): Promise<void>;
  pod(key: string): Promise<Pod | undefined>;
}

export function createFakeCluster(
  objects: readonly KubernetesObject[] = [],
  options: Omit<FakeClientOptions, 'objects'> = {},
): FakeCluster {
  const clock = createFakeClock();
  const client = createFakeClient({ clock, ...options, objects: [...twoNodes.map(nodeOf), ...objects] });
  const machine = createFakeMachine();
  const serving = createFakeServing();
  const settings = createFakeSettings();
  const settled = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns++) {
      await clock.advance(0);
      await turn();
    }
  };
  return {
    client,
    machine,
    serving,
    settings,
    clock,
    settled,
    async startAgents({ kernel = machine, config = defaultNetworkConfig, ...more } = {}) {
      const agents = createAgents({
        client,
        kernel,
        config,
        netnsOfNode,
        servingOf: () => serving,
        servings: [serving],
        settings,
        inside: { listen() {}, connect: () => Promise.reject(new Error('nobody connects here')) },
        clock,
        log: silentLog,
        ...more,
      });
      await agents.start();
      await settled();
      return agents;
    },
    pod: (key) => {
      const [namespace = '', name = ''] = key.split('/');
      return client.get(resources.pods, { namespace, name });
    },
  };
}

/** Makes a policy that lets nobody in to pods with this `name` label. */
export function shutIn(name: string): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `shut-${name}`, namespace: 'default' },
    spec: { podSelector: { matchLabels: { name } }, policyTypes: ['Ingress'] },
  };
}

/** Every pod of the API as `key address`, or `key -` while it has none. */
export async function podAddresses(client: Client): Promise<string[]> {
  const { items } = await client.list(resources.pods);
  return items
    .map((pod) => `${keyOf(pod)} ${pod.status?.podIP ?? '-'}`)
    .toSorted((a, b) => a.localeCompare(b));
}
