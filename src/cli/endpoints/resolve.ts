import type { Pod } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Flow, FlowEnd } from '../../analysis/flow.ts';
import { WeftError } from '../../lib/errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { MachineEnd } from '../../model/fabric/machine-ends.ts';
import { familiesOfNetwork } from '../../model/network/config.ts';
import { labAddressesOf } from '../../model/network/lab-addresses.ts';
import type { PortProtocol } from '../../model/policy/port-set.ts';
import { requireKey, requirePods, standsForPods } from './find.ts';
import { formatEndpoint, parseDestination, parseSource, type Endpoint } from './parse.ts';
import { byNumber, podPort, servicePort, type PortQuestion } from './ports.ts';

/** One who asks: a pod, a node, or an address outside. */
export interface Source {
  readonly end: FlowEnd;
  /** How answers name it. */
  readonly name: string;
}

/** One who is asked, and for what. */
export interface Target {
  readonly end: Flow['destination'];
  /** With the port, as people may write it again. */
  readonly name: string;
  /** `other` is ICMP, whose port is 0. */
  readonly protocol: PortProtocol;
  readonly port: number;
}

/** A text that names something, and everything that it stands for: a workload's pods by name, else one. */
export interface Resolved<T> {
  readonly asked: string;
  /** Never empty. */
  readonly all: readonly [T, ...T[]];
}

/**
 * Whom the text means as the source of a connection. Throws `endpoint-invalid` and `endpoint-unknown`, both of fault
 * `input`.
 */
export function resolveSource(cluster: Cluster, text: string): Resolved<Source> {
  const endpoint = parseSource(text);
  const asked = formatEndpoint(endpoint);
  if (standsForPods(endpoint)) {
    return { asked, all: mapAll(requirePods(cluster, endpoint), podSource) };
  }
  if (endpoint.kind === 'domain') {
    throw new WeftError('endpoint-invalid', `${asked}: a domain name is never a source`, {
      fault: 'input',
      hint: 'name the address that packets come from',
    });
  }
  if (endpoint.kind === 'service') {
    throw new WeftError('endpoint-invalid', `${asked}: a Service is never a source; name one of its pods`, {
      fault: 'input',
    });
  }
  return { asked, all: [{ end: plainEnd(cluster, endpoint), name: asked }] };
}

/** A node, a machine, or an address. */
function plainEnd(
  cluster: Cluster,
  endpoint: Extract<Endpoint, { kind: 'node' | 'address' | 'internet' | 'machine' }>,
): FlowEnd {
  if (endpoint.kind === 'internet') return internetEnd(cluster);
  if (endpoint.kind === 'machine') return machineEnd(cluster, endpoint.key);
  if (endpoint.kind === 'node') requireKey(cluster.nodes, 'Node', endpoint.name);
  return endpoint;
}

function machineEnd(cluster: Cluster, key: string): FlowEnd {
  const { machines = new Map<string, MachineEnd>() } = cluster;
  if (!machines.has(key) && key.startsWith('vm:')) requireOther(cluster, key.slice('vm:'.length));
  const { addresses } = requireKey(machines, key.startsWith('vm:') ? 'VirtualMachine' : 'Site', key);
  return { kind: 'address', address: addresses[0] ?? '', machine: key };
}

/** A virtual machine that is there and yet no end: a node's, or one that has no address. */
function requireOther({ nodes, surroundings = [], layer2 = [] }: Cluster, name: string): void {
  if (nodes.has(name)) {
    throw new WeftError('endpoint-unknown', `vm:${name} is the machine of a node`, {
      fault: 'input',
      hint: `ask for node:${name}`,
    });
  }
  const isIt = ({ kind, metadata }: KubernetesObject): boolean =>
    kind === 'VirtualMachine' && metadata.name === name;
  if (![...surroundings, ...layer2].some(isIt)) return;
  throw new WeftError('machine-without-address', `vm:${name} has no address`, {
    fault: 'input',
    hint:
      `give an interface of VirtualMachine ${name} addresses, or its Segment a dhcp.range; in a lab, ` +
      `"kubectl describe virtualmachine ${name}" says what it waits for`,
  });
}

/** The machine that stands for the internet, in the families that the cluster speaks. */
function internetEnd({ config }: Cluster): FlowEnd {
  const [address, alternative] = familiesOfNetwork(config).map((family) => labAddressesOf[family].internet);
  return {
    kind: 'address',
    address: address ?? labAddressesOf.IPv4.internet,
    ...(alternative === undefined ? {} : { alternative }),
  };
}

const podSource = ([key]: [string, Pod]): Source => ({ end: { kind: 'pod', key }, name: key });

/** Whom the text means as the destination, and on which port. Throws like `resolveSource`, and `port-unknown`. */
export function resolveDestination(cluster: Cluster, text: string): Resolved<Target> {
  const { endpoint, port, protocol } = parseDestination(text);
  const asked = formatEndpoint(endpoint);
  if (protocol === 'other' && endpoint.kind === 'service') {
    throw new WeftError('endpoint-invalid', `${text}: a Service passes on its ports and nothing else`, {
      fault: 'input',
      hint: 'ask for one of its pods',
    });
  }
  const question: PortQuestion = { asked, port, protocol };
  return { asked: text, all: targetsOf(cluster, endpoint, question) };
}

function targetsOf(cluster: Cluster, endpoint: Endpoint, question: PortQuestion): [Target, ...Target[]] {
  const { asked } = question;
  if (standsForPods(endpoint)) {
    return mapAll(requirePods(cluster, endpoint), ([key, pod]) =>
      target({ kind: 'pod', key }, key, podPort(pod, question)),
    );
  }
  if (endpoint.kind === 'service') {
    return serviceTargets(cluster, `${endpoint.namespace}/${endpoint.name}`, question);
  }
  if (endpoint.kind === 'domain') return [target(domainEnd(endpoint.name), asked, byNumber(question, []))];
  // Nodes and addresses declare no ports: the number has to be said.
  const name = asked.includes(':') && endpoint.kind === 'address' ? `[${asked}]` : asked;
  return [target(plainEnd(cluster, endpoint), name, byNumber(question, []))];
}

/** Names of the cluster are answered with addresses that policies never mean by a name. */
function domainEnd(name: string): Target['end'] {
  if (!/(^|\.)cluster\.local$/.test(name)) return { kind: 'domain', name };
  throw new WeftError('endpoint-invalid', `dns:${name} is a name of the cluster`, {
    fault: 'input',
    hint: 'ask for svc:NAMESPACE/NAME',
  });
}

/** A Service with an address is asked there; a headless one stands for its pods, without any translation. */
function serviceTargets(cluster: Cluster, key: string, question: PortQuestion): [Target, ...Target[]] {
  const service = requireKey(cluster.services, 'Service', key);
  const { spec } = service;
  if (spec.type === 'ExternalName') {
    throw new WeftError(
      'service-without-address',
      `svc:${key} is an ExternalName: a DNS name for ${spec.externalName ?? ''}, with no address to connect to`,
      { fault: 'input', hint: 'ask for the address that the name has' },
    );
  }
  const port = servicePort(service, question);
  if (spec.clusterIP !== 'None') return [target({ kind: 'service', key }, question.asked, port)];
  const pods = endpointsOf(cluster, key, port.name);
  const [first, ...others] = pods.map(({ pod, port: listening }) => {
    const number = typeof question.port === 'number' ? question.port : listening;
    return target({ kind: 'pod', key: pod }, pod, { protocol: port.protocol, port: number });
  });
  if (first !== undefined) return [first, ...others];
  throw new WeftError('service-without-address', `svc:${key} is headless and has no ready pods`, {
    fault: 'input',
  });
}

/** Pods behind a headless Service and the port of theirs that this port's name is for, by name. */
function endpointsOf(cluster: Cluster, key: string, portName: string): { pod: string; port: number }[] {
  const [namespace, name] = key.split('/');
  const found = [...cluster.endpointSlices.values()]
    .filter(
      ({ metadata }) =>
        metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === name,
    )
    .flatMap(({ endpoints, ports = [] }) => {
      const port = ports?.find((one) => (one.name ?? '') === portName)?.port;
      if (port === undefined) return [];
      return endpoints
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap(({ targetRef }) =>
          targetRef?.kind === 'Pod'
            ? [{ pod: `${targetRef.namespace ?? namespace}/${targetRef.name}`, port }]
            : [],
        );
    });
  return found.sort((a, b) => (a.pod < b.pod ? -1 : 1));
}

function target(
  end: Flow['destination'],
  name: string,
  { protocol, port }: { protocol: PortProtocol; port: number },
): Target {
  if (protocol === 'other') return { end, name: `${name}/icmp`, protocol, port };
  const suffix = protocol === 'TCP' ? '' : `/${protocol.toLowerCase()}`;
  return { end, name: `${name}:${port}${suffix}`, protocol, port };
}

function mapAll<A, B>([first, ...others]: readonly [A, ...A[]], map: (one: A) => B): [B, ...B[]] {
  return [map(first), ...others.map(map)];
}
