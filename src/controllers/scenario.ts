import { setTimeout as sleep } from 'node:timers/promises';
import { resources, type Resource } from '../api/resources.ts';
import type { Deployment } from '../api/types/apps.ts';
import type { Node, Pod, Service } from '../api/types/core.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { createFakeClient, type FakeCall } from '../client/fake/client.ts';
import type { Client } from '../client/port.ts';
import { systemClock } from '../lib/clock.ts';
import { WeftError } from '../lib/errors.ts';
import { silentLog } from '../lib/log.ts';
import { defaultNetworkConfig, type NetworkConfig } from '../model/network/config.ts';
import { createControllers, type Controllers } from './controllers.ts';

/** A cluster in memory with running controllers, for tests that tell a story. */
export interface Scenario {
  readonly client: Client;
  readonly controllers: Controllers;
  /** Every call that anybody made. */
  readonly calls: readonly FakeCall[];
  /** Stops the controllers and starts others on the same cluster. */
  readonly restart: () => Promise<Controllers>;
}

export interface ScenarioOptions {
  readonly objects?: readonly KubernetesObject[];
  readonly config?: NetworkConfig;
  readonly intercept?: (call: FakeCall) => void | Promise<void>;
  readonly deliver?: (apply: () => void) => void;
  /** The call is done, but its caller is told that nobody answered. */
  readonly loseAnswer?: (call: FakeCall) => boolean;
}

/** Runs a story and stops the controllers after it. */
export async function inCluster(
  options: ScenarioOptions,
  story: (scenario: Scenario) => Promise<void>,
): Promise<void> {
  const calls: FakeCall[] = [];
  const { objects = [], deliver, config = defaultNetworkConfig } = options;
  const client = withLostAnswers(
    createFakeClient({
      objects,
      intercept(call) {
        calls.push(call);
        return options.intercept?.(call);
      },
      ...(deliver === undefined ? {} : { deliver }),
    }),
    options.loseAnswer,
  );
  let controllers = await startControllers(client, config);
  const restart = async (): Promise<Controllers> => {
    await controllers.stop();
    controllers = await startControllers(client, config);
    return controllers;
  };
  try {
    await story({ client, controllers, calls, restart });
  } finally {
    await controllers.stop();
    await client.close();
  }
}

async function startControllers(client: Client, config: NetworkConfig): Promise<Controllers> {
  const controllers = createControllers({
    client,
    clock: systemClock,
    log: silentLog,
    config,
  });
  await controllers.start();
  return controllers;
}

function withLostAnswers(client: Client, lose: ScenarioOptions['loseAnswer']): Client {
  if (lose === undefined) return client;
  return {
    ...client,
    async create<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T> {
      const made = await client.create(resource, object);
      if (lose({ verb: 'create', resource, name: object.metadata })) {
        throw new WeftError('api-unavailable', 'the answer got lost');
      }
      return made;
    },
  };
}

/** Agents that make every bound pod ready at once. Returns how to stop them. */
export function runAgents(client: Client): () => void {
  let addresses = 1;
  return client.informer(resources.pods).onChange(({ current }) => {
    if (current?.spec.nodeName === undefined || current.status?.podIP !== undefined) return;
    addresses += 1;
    // A pod that was deleted meanwhile needs no status.
    markReady(client, current, `10.244.${addresses >> 8}.${addresses & 255}`).catch(() => {});
  });
}

export function nodeNamed(
  name: string,
  options: { ready?: boolean; labels?: Record<string, string> } = {},
): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...options.labels } },
    status: { conditions: [{ type: 'Ready', status: options.ready === false ? 'False' : 'True' }] },
  };
}

export function deploymentNamed(name: string, replicas: number, image = 'v1'): Deployment {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image, ports: [{ name: 'http', containerPort: 8080 }] }] },
      },
    },
  };
}

export function serviceNamed(name: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 'http' }] },
  };
}

/** What an agent does when a pod runs. */
export async function markReady(client: Client, pod: Pod, address: string): Promise<void> {
  const { namespace = '', name } = pod.metadata;
  const status = {
    phase: 'Running',
    podIP: address,
    podIPs: [{ ip: address }],
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  await client.patch(resources.pods, { namespace, name }, { body: { status }, subresource: 'status' });
}

/** Changes are gathered for a moment: asks until what it asserts holds, each 10 ms and so long; then throws what it threw. */
export function comesTrueWithin(ms: number): (holds: () => Promise<void>) => Promise<void> {
  return async (holds) => {
    for (let rounds = ms / 10; rounds > 0; rounds--) {
      const failure = await holds().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure === undefined) return;
      if (rounds === 1) throw failure;
      await sleep(10);
    }
  };
}
