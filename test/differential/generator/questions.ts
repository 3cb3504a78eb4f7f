import type { Pod, Service } from '../../../src/api/types/core.ts';
import type { KubernetesObject, Protocol } from '../../../src/api/types/meta.ts';
import type { Destination, Question, Source } from '../evaluator/question.ts';

/** A port that no container and no Service of the vocabulary has. */
export const undeclaredPort = 7;
/** Somewhere outside the cluster. */
export const outsider = '203.0.113.10';

/**
 * Everything worth asking of a placed cluster: from every pod and one node to every pod, cluster address and node
 * port, on every declared port and an undeclared one, and to the outside; from there only to the nodes, for it
 * has no routes to pods and cluster addresses.
 */
export function questionsOf(objects: readonly KubernetesObject[]): Question[] {
  const pods = objects.filter((object): object is Pod => object.kind === 'Pod');
  const services = objects.filter((object): object is Service => object.kind === 'Service');
  const nodes = objects.filter(({ kind }) => kind === 'Node').map(({ metadata }) => metadata.name);
  const targets = [
    ...pods.flatMap(podTargets),
    ...services.flatMap(serviceTargets),
    ...services.flatMap((service) => nodes.flatMap((node) => nodePortTargets(service, node))),
    { destination: { kind: 'external', address: outsider } as const, protocol: 'TCP' as const, port: 443 },
  ];
  const sources: Source[] = [
    ...pods.map((pod) => ({ kind: 'pod', pod: keyOf(pod) }) as const),
    ...nodes.slice(0, 1).map((node) => ({ kind: 'node', node }) as const),
  ];
  const fromCluster = sources.flatMap((source) => targets.map((target) => ({ source, ...target })));
  const onNodes = new Set(pods.filter(({ spec }) => spec.hostNetwork === true).map(keyOf));
  const fromOutside = targets
    .filter(({ destination: to }) => to.kind === 'node' || (to.kind === 'pod' && onNodes.has(to.pod)))
    .map((target) => ({ source: { kind: 'external', address: outsider } as const, ...target }));
  return [...fromCluster, ...fromOutside];
}

interface Target {
  readonly destination: Destination;
  readonly protocol: Protocol;
  readonly port: number;
}

const keyOf = ({ metadata }: KubernetesObject): string =>
  `${metadata.namespace ?? 'default'}/${metadata.name}`;

function podTargets(pod: Pod): Target[] {
  const destination = { kind: 'pod', pod: keyOf(pod) } as const;
  const declared = pod.spec.containers.flatMap(({ ports = [] }) =>
    ports.map(({ containerPort, protocol = 'TCP' }) => ({ destination, protocol, port: containerPort })),
  );
  return [...declared, { destination, protocol: 'TCP', port: undeclaredPort }];
}

function serviceTargets(service: Service): Target[] {
  if (service.spec.clusterIP === 'None') return [];
  const destination = { kind: 'service', service: keyOf(service) } as const;
  const declared = (service.spec.ports ?? []).map(({ port, protocol = 'TCP' }) => ({
    destination,
    protocol,
    port,
  }));
  return [...declared, { destination, protocol: 'TCP', port: undeclaredPort }];
}

function nodePortTargets(service: Service, node: string): Target[] {
  const destination = { kind: 'node', node } as const;
  return (service.spec.ports ?? []).flatMap(({ nodePort, protocol = 'TCP' }) =>
    nodePort === undefined ? [] : [{ destination, protocol, port: nodePort }],
  );
}
