import type { Node, Pod, Service } from '../../../src/api/types/core.ts';
import type { KubernetesObject, Protocol } from '../../../src/api/types/meta.ts';
import type { Destination, Question, Source } from '../evaluator/question.ts';

/** A port that no container and no Service of the vocabulary has. */
export const undeclaredPort = 7;
/** The machine that stands for the internet: it answers for all addresses, and over UDP from this one. */
const internet = '203.0.113.10';
/** Outside the cluster: in nobody's block, in blocks that policies name, and in what they except. */
const outsiders = [internet, '198.51.100.3', '198.51.100.77', '192.0.2.1'] as const;
/** Addresses of the pod and Service ranges that nobody has, on a node's block and on none. */
const nobodys = ['10.244.1.200', '10.244.77.1', '10.111.1.1'] as const;

/**
 * Everything worth asking of a placed cluster: from every pod and node to every pod, cluster address, node port and
 * tunnel, on every declared port and an undeclared one, to the outside and to nobody; from outside only to the nodes,
 * for it has no routes to pods and cluster addresses.
 */
export function questionsOf(objects: readonly KubernetesObject[]): Question[] {
  const pods = objects.filter((object): object is Pod => object.kind === 'Pod');
  const services = objects.filter((object): object is Service => object.kind === 'Service');
  const nodes = objects.filter((object): object is Node => object.kind === 'Node');
  const targets = [
    ...pods.flatMap(podTargets),
    ...services.flatMap(serviceTargets),
    ...nodes.flatMap((node) => [
      ...services.flatMap((service) => nodePortTargets(service, node)),
      ...nodeTargets(node),
    ]),
    ...outsiders.map((address) => to(address, 'TCP', 443)),
    to(internet, 'UDP', 53),
    ...nobodys.map((address) => to(address, 'TCP', 80)),
  ];
  const sources: Source[] = [
    ...pods.map((pod) => ({ kind: 'pod', pod: keyOf(pod) }) as const),
    ...nodes.map(({ metadata }) => ({ kind: 'node', node: metadata.name }) as const),
  ];
  const fromCluster = sources.flatMap((source) => targets.map((target) => ({ source, ...target })));
  const onNodes = new Set(pods.filter(({ spec }) => spec.hostNetwork === true).map(keyOf));
  const atNodes = targets.filter(
    ({ destination: end }) => end.kind === 'node' || (end.kind === 'pod' && onNodes.has(end.pod)),
  );
  const fromOutside = outsiders.flatMap((address) =>
    atNodes.map((target) => ({ source: { kind: 'external', address } as const, ...target })),
  );
  return [...fromCluster, ...fromOutside];
}

interface Target {
  readonly destination: Destination;
  readonly protocol: Protocol;
  readonly port: number;
}

const keyOf = ({ metadata }: KubernetesObject): string =>
  `${metadata.namespace ?? 'default'}/${metadata.name}`;

function to(address: string, protocol: Protocol, port: number): Target {
  return { destination: { kind: 'external', address }, protocol, port };
}

function podTargets(pod: Pod): Target[] {
  const destination = { kind: 'pod', pod: keyOf(pod) } as const;
  const declared = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap(({ ports = [] }) =>
    ports.map(({ containerPort, protocol = 'TCP' }) => ({ destination, protocol, port: containerPort })),
  );
  return [...declared, ...undeclared(destination)];
}

/** A node where nobody listens, by its own address and by its tunnel's. */
function nodeTargets({ metadata, spec }: Node): Target[] {
  const tunnel = spec?.podCIDR?.replace(/\/.*/, '') ?? '';
  return [...undeclared({ kind: 'node', node: metadata.name }), to(tunnel, 'TCP', undeclaredPort)];
}

function undeclared(destination: Destination): Target[] {
  return (['TCP', 'UDP'] as const).map((protocol) => ({ destination, protocol, port: undeclaredPort }));
}

function serviceTargets(service: Service): Target[] {
  if (service.spec.clusterIP === 'None') return [];
  const destination = { kind: 'service', service: keyOf(service) } as const;
  const declared = (service.spec.ports ?? []).map(({ port, protocol = 'TCP' }) => ({
    destination,
    protocol,
    port,
  }));
  return [...declared, ...undeclared(destination)];
}

function nodePortTargets(service: Service, { metadata }: Node): Target[] {
  const destination = { kind: 'node', node: metadata.name } as const;
  return (service.spec.ports ?? []).flatMap(({ nodePort, protocol = 'TCP' }) =>
    nodePort === undefined ? [] : [{ destination, protocol, port: nodePort }],
  );
}
