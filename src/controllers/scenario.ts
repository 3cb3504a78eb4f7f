import { resources } from '../api/resources.ts';
import type { Deployment } from '../api/types/apps.ts';
import type { Node, Pod, Service } from '../api/types/core.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { createFakeClient, type FakeCall } from '../client/fake/client.ts';
import type { Client } from '../client/port.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { defaultNetworkConfig } from '../model/network/config.ts';
import { createControllers, type Controllers } from './controllers.ts';

/** A cluster in memory with running controllers, for tests that tell a story. */
export interface Scenario {
  readonly client: Client;
  readonly controllers: Controllers;
  /** Every call that anybody made. */
  readonly calls: readonly FakeCall[];
}

export interface ScenarioOptions {
  readonly objects?: readonly KubernetesObject[];
  readonly intercept?: (call: FakeCall) => void | Promise<void>;
  readonly deliver?: (apply: () => void) => void;
}

/** Runs a story and stops the controllers after it. */
export async function inCluster(
  { objects = [], intercept, deliver }: ScenarioOptions,
  story: (scenario: Scenario) => Promise<void>,
): Promise<void> {
  const calls: FakeCall[] = [];
  const client = createFakeClient({
    objects,
    intercept(call) {
      calls.push(call);
      return intercept?.(call);
    },
    ...(deliver === undefined ? {} : { deliver }),
  });
  const controllers = createControllers({
    client,
    clock: systemClock,
    log: silentLog,
    config: defaultNetworkConfig,
  });
  await controllers.start();
  try {
    await story({ client, controllers, calls });
  } finally {
    await controllers.stop();
    await client.close();
  }
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
