import * as fc from 'fast-check';
import type { Container, ContainerPort, Pod } from '../../../src/api/types/core.ts';
import type { KubernetesObject, Labels } from '../../../src/api/types/meta.ts';
import { namespaceLabels, podLabels, portNames, portNumbers, protocols } from './vocabulary.ts';

/** Some of the labels of a vocabulary, each with one of its values. */
export function labelsFrom(vocabulary: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<Labels> {
  const labels = Object.entries(vocabulary).map(([key, values]) =>
    fc.option(fc.constantFrom(...values).map((value) => ({ [key]: value }))),
  );
  return fc.tuple(...labels).map((some) => Object.assign({}, ...some));
}

/** One of the labels of a vocabulary. */
export function labelFrom(vocabulary: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<Labels> {
  return fc
    .constantFrom(...Object.entries(vocabulary))
    .chain(([key, values]) => fc.constantFrom(...values).map((value) => ({ [key]: value })));
}

export type NamespaceSeed = Labels;
export const namespaceSeed: fc.Arbitrary<NamespaceSeed> = labelsFrom(namespaceLabels);

export const namespaceName = (index: number): string => `ns-${index}`;

export function namespaceOf(labels: NamespaceSeed, index: number): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceName(index), labels } };
}

/** A container port; a name and a number are told apart within the pod later. */
const portSeed = fc.record({
  containerPort: fc.constantFrom(...portNumbers),
  name: fc.option(fc.constantFrom(...portNames), { nil: undefined }),
  protocol: fc.option(fc.constantFrom(...protocols), { nil: undefined }),
});
type PortSeed = typeof portSeed extends fc.Arbitrary<infer T> ? T : never;

const containerSeed = fc.oneof(
  { weight: 5, arbitrary: fc.array(portSeed, { minLength: 1, maxLength: 3, size: 'max' }) },
  { weight: 1, arbitrary: fc.constant([]) },
);

export const podSeed = fc.record({
  /** Taken modulo how many there are. */
  namespace: fc.nat(7),
  node: fc.nat(7),
  labels: labelsFrom(podLabels),
  containers: fc.array(containerSeed, { minLength: 1, maxLength: 2 }),
  /** A container that starts before the others: it stays with them (KEP-753), or has ended by now. */
  first: fc.option(fc.record({ ports: containerSeed, stays: fc.boolean() }), { nil: undefined, freq: 2 }),
  hostNetwork: fc.integer({ min: 0, max: 11 }).map((draw) => draw === 11),
});
export type PodSeed = typeof podSeed extends fc.Arbitrary<infer T> ? T : never;

/** Ports of hostNetwork pods are the node's, where no two may listen on the same. */
const firstHostPort = 20_000;

export function podOf(
  seed: PodSeed,
  { index, namespaces, nodes }: { index: number; namespaces: number; nodes: number },
): Pod {
  const used = new Set<string>();
  const containerOf = (name: string, ports: readonly PortSeed[], place: number): Container => {
    const own = ports.flatMap((port, position) => {
      const hostPort = firstHostPort + index * 10 + place * 3 + position;
      return portOf(seed.hostNetwork ? { ...port, containerPort: hostPort } : port, used);
    });
    return own.length === 0 ? { name, image: 'none' } : { name, image: 'none', ports: own };
  };
  const containers = seed.containers.map((ports, place) => containerOf(`c${place}`, ports, place));
  const initContainers = seed.first === undefined ? {} : { initContainers: [firstContainer(seed.first)] };
  function firstContainer({ ports, stays }: NonNullable<PodSeed['first']>): Container {
    const container = containerOf('first', ports, 2);
    return stays ? { ...container, restartPolicy: 'Always' } : container;
  }
  const nodeName = `node-${(seed.node % nodes) + 1}`;
  const host = seed.hostNetwork ? { hostNetwork: true } : {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: namespaceName(seed.namespace % namespaces),
      name: `pod-${index}`,
      labels: seed.labels,
    },
    spec: { nodeName, ...host, ...initContainers, containers },
  };
}

/** The port, without a name that another one has; nothing when another one listens there. */
function portOf(
  { containerPort, name, protocol }: Omit<PortSeed, 'containerPort'> & { containerPort: number },
  used: Set<string>,
): ContainerPort[] {
  const place = `${protocol ?? 'TCP'} ${containerPort}`;
  if (used.has(place)) return [];
  used.add(place);
  const named = name !== undefined && !used.has(name);
  if (named) used.add(name);
  return [{ containerPort, ...(named ? { name } : {}), ...(protocol === undefined ? {} : { protocol }) }];
}
