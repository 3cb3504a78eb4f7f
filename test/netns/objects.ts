import type { Namespace, Pod } from '../../src/api/types/core.ts';
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
