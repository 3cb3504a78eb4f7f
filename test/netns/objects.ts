import type { Deployment, Job } from '../../src/api/types/apps.ts';
import type { Namespace, Pod, PodSpec, PodTemplateSpec, Service } from '../../src/api/types/core.ts';
import type { LabelSelector } from '../../src/api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicySpec } from '../../src/api/types/network.ts';
import { resources } from '../../src/api/resources.ts';
import type { TestLab } from '../support/lab.ts';

export function namespace(name: string, labels: Record<string, string> = {}): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export function policy(key: string, spec: NetworkPolicySpec): NetworkPolicy {
  const [namespaceName = '', name = ''] = key.split('/');
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: namespaceName },
    spec,
  };
}

/** Gives the ports of a pod's containers names, in their order. */
export function withPortNames(pod: Pod, names: readonly string[]): Pod {
  const containers = pod.spec.containers.map((container) => ({
    ...container,
    ports: (container.ports ?? []).map((port, index) => ({ ...port, name: names[index] ?? `p${index}` })),
  }));
  return { ...pod, spec: { ...pod.spec, containers } };
}

/** Makes the policy as given, replacing an earlier one, and resolves when every node enforces it. */
export async function enforce(lab: TestLab, wanted: NetworkPolicy): Promise<void> {
  const { client } = lab.connection;
  const name = { namespace: wanted.metadata.namespace ?? '', name: wanted.metadata.name };
  const existing = await client.get(resources.networkpolicies, name);
  const resourceVersion = existing?.metadata.resourceVersion;
  const written =
    resourceVersion === undefined
      ? await client.create(resources.networkpolicies, wanted)
      : await client.update(resources.networkpolicies, {
          ...wanted,
          metadata: { ...wanted.metadata, resourceVersion },
        });
  await lab.connection.programmed({ networkpolicies: written.metadata.resourceVersion ?? '0' });
}

/** Labels a pod (`namespace/name`) or a namespace; null takes a label away. Resolves when every node has programmed it. */
export async function label(lab: TestLab, key: string, labels: Record<string, string | null>): Promise<void> {
  const { client } = lab.connection;
  const [first = '', second] = key.split('/');
  const patch = { body: { metadata: { labels } } };
  if (second === undefined) {
    const { metadata } = await client.patch(resources.namespaces, { name: first }, patch);
    await lab.connection.programmed({ namespaces: metadata.resourceVersion ?? '0' });
  } else {
    const { metadata } = await client.patch(resources.pods, { namespace: first, name: second }, patch);
    await lab.connection.programmed({ pods: metadata.resourceVersion ?? '0' });
  }
}

/** A template of pods with one container that listens on TCP 8080 and UDP 5353. */
export function template(app: string, spec: Partial<PodSpec> = {}): PodTemplateSpec {
  const ports = [{ containerPort: 8080 }, { containerPort: 5353, protocol: 'UDP' as const }];
  return {
    metadata: { labels: { app } },
    spec: { containers: [{ name: 'c', image: 'none', ports }], ...spec },
  };
}

/** What the kinds of workload have in common, in namespace `default`. */
export function workload<K extends string>(
  kind: K,
  app: string,
  spec: Partial<PodSpec> = {},
): {
  apiVersion: string;
  kind: K;
  metadata: { name: string; namespace: string };
  spec: { selector: LabelSelector; template: PodTemplateSpec };
} {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: app, namespace: 'default' },
    spec: { selector: { matchLabels: { app } }, template: template(app, spec) },
  };
}

export function deployment(app: string, replicas: number, spec: Partial<PodSpec> = {}): Deployment {
  const base = workload('Deployment', app, spec);
  return { ...base, spec: { ...base.spec, replicas } };
}

/** The workload with more in its spec. */
export function withSpec<T extends { spec: object }>(object: T, spec: object): T {
  return { ...object, spec: { ...object.spec, ...spec } };
}

export function job(app: string): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: app, namespace: 'default' },
    spec: { template: template(app, { restartPolicy: 'Never' }) },
  };
}

/** A Service of the pods with label `app`: TCP 80 to 8080 and UDP 53 to 5353. */
export function serviceOf(app: string, spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: app, namespace: 'default' },
    spec: {
      selector: { app },
      ports: [
        { name: 'http', port: 80, targetPort: 8080 },
        { name: 'time', port: 53, targetPort: 5353, protocol: 'UDP' },
      ],
      ...spec,
    },
  };
}

/** All pods with the label `app`, by name. */
export async function podsOf(lab: TestLab, app: string): Promise<Pod[]> {
  const { items } = await lab.connection.client.list(resources.pods, { labelSelector: `app=${app}` });
  return items.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}
