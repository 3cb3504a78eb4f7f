import { parseAddress } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import type { Cluster } from '../../model/cluster.ts';
import { modelTraits } from '../../model/network/models.ts';
import { nodeAddresses } from '../../model/network/topology.ts';
import { isWithin } from '../../model/fabric/network/next-hop.ts';
import { labAddressesOf, publicLoadBalancers } from '../../model/network/lab-addresses.ts';
import type { Entry } from '../../model/fabric/network/passage.ts';
import { indexOf, type ClusterIndex } from '../cluster-index.ts';
import type { Flow, Outcome, Prediction, Reason, SourceOf } from '../flow.ts';
import { predictName, type NamedFlow } from './by-name.ts';
import { addressPair, endAt, sourceEnd, type AddressPair, type End } from './ends.ts';
import { sendingMachine } from './segment-stage.ts';
import { deliver, fromFurtherInterface, overSegments, throughNode } from './travel.ts';
import { crossNetwork, enterNetwork, isPrivateIn, nodeEntry, outsideEntry } from './network-stage.ts';
import { ended, step, type Walk } from './walk.ts';

export interface PredictOptions {
  /** Tells reasons where their rules were written. */
  readonly sourceOf?: SourceOf;
}

/**
 * What will happen to the first packet of a flow: the verdict, who answers, the source address seen there, and
 * every decision on the way. Computed from the same models that the data plane is programmed from.
 * Throws `unknown-object`, `unknown-source` or `invalid-address` when the flow's ends make no sense.
 */
export function predict(cluster: Cluster, flow: Flow, options: PredictOptions = {}): Prediction {
  const { destination: asked } = flow;
  if (asked.kind === 'domain') {
    return predictName(cluster, { ...flow, destination: asked }, (way) => predictWay(cluster, way, options));
  }
  const prediction = predictWay(cluster, { ...flow, destination: asked }, options);
  const isDescribed = indexOf(cluster).segments !== undefined;
  const away = isDescribed ? [] : [flow.source, asked].flatMap((end) => machineAway(cluster, end) ?? []);
  if (away.length === 0) return prediction;
  const why = `${away.join(' and ')}: ways to other segments than the nodes’ own are not predicted, ask with weft connect`;
  return { verdict: 'unknown', why, outcomes: [nowhere(why)] };
}

/**
 * The ways that a flow would take if policies let everything through and whoever is there listened: `allowed` where there is
 * one, with what policies have to judge on it. Nothing is asked about the port. Throws like `predict`.
 */
export function waysOf(
  cluster: Cluster,
  ends: Pick<NamedFlow, 'source' | 'destination' | 'family'>,
  options: PredictOptions = {},
): readonly Outcome[] {
  return predictWay(cluster, { ...ends, protocol: 'TCP', port: 0 }, { ...options, isWayOnly: true }).outcomes;
}

/** The name of a machine that is not on the segment of the nodes, where nodes are on one. */
function machineAway({ config }: Cluster, end: Flow['destination']): string | undefined {
  if (end.kind !== 'address' || end.machine === undefined) return undefined;
  const address = parseAddress(end.address);
  if (address === undefined || modelTraits[config.model].world === 'virtual-network') return undefined;
  const segment = parsePrefix(labAddressesOf[address.family].segment);
  return segment !== undefined && contains(segment, address) ? undefined : end.machine;
}

interface WayOptions extends PredictOptions {
  readonly isWayOnly?: boolean;
}

/** As `predict`, towards an end that has an address; `domain` is the name that it was asked for by. */
function predictWay(cluster: Cluster, { domain, ...flow }: NamedFlow, options: WayOptions): Prediction {
  const index = indexOf(cluster);
  const pair = addressPair(index, flow);
  if ('nothing' in pair) return pair.nothing === 'address' ? noAddress() : noFamily();
  const { destination } = pair;
  if (flow.protocol === 'other' && isOfService(index, destination)) return notTranslated();
  const outside = flow.source.kind === 'address' ? outsideSender(index, flow.source, pair) : undefined;
  const source = outside?.end ?? sourceEnd(index, pair.source);
  if (source.place === undefined) return noAddress();
  const start: Walk = {
    question: {
      index,
      protocol: flow.protocol,
      sourceOf: options.sourceOf,
      domain: domain === undefined ? undefined : { name: domain, address: destination },
      isWayOnly: options.isWayOnly ?? false,
    },
    sender: source.place,
    packet: { source: source.address, destination, port: flow.port },
    service: undefined,
    backend: undefined,
    crossings: [],
    trips: [],
    reasons: [],
    path: [],
    judged: [],
  };
  const machine = flow.source.kind === 'address' ? flow.source.machine : undefined;
  return combine(depart(start, { source, outside, machine }));
}

/** A Service without a cluster address is only a name: clients are told the addresses behind it and choose. */
function noAddress(): Prediction {
  const why = 'the Service has no cluster address; ask for the pods that its name stands for';
  return { verdict: 'unknown', why, outcomes: [nowhere(why)] };
}

/** Whether Services answer at the address. */
function isOfService({ services, serviceRanges, announcers, nextHops }: ClusterIndex, text: string): boolean {
  const address = parseAddress(text);
  const isOfCluster = address !== undefined && serviceRanges.some((range) => contains(range, address));
  return isOfCluster || services.isPooledAddress(text) || announcers.has(text) || nextHops.has(text);
}

/** A Service has an address for its ports alone. */
function notTranslated(): Prediction {
  const why = 'a Service passes on its ports and nothing else; ask for a pod or a node';
  return { verdict: 'unknown', why, outcomes: [nowhere(why)] };
}

/** The kernel of the source has no route to an address of a family that it does not speak. */
function noFamily(): Prediction {
  const why = 'the source has no address of the family that the destination has';
  return { verdict: 'unreachable', why, outcomes: [nowhere(why)] };
}

function nowhere(why: string): Outcome {
  return {
    verdict: 'unreachable',
    why,
    backend: undefined,
    sourceSeen: undefined,
    reasons: [],
    path: [],
  };
}

interface Departure {
  readonly source: End;
  readonly outside: OutsideSender | undefined;
  /** The name by which the source was asked for. */
  readonly machine: string | undefined;
}

function depart(walk: Walk, { source, outside, machine }: Departure): Outcome[] {
  if (outside?.entry !== undefined) return fromNetwork(walk, outside.entry);
  if (walk.sender.kind === 'external') return fromSegments(walk, machine) ?? fromOutside(walk);
  const further = source.pod === undefined ? undefined : fromFurtherInterface(walk, source.pod);
  if (further !== undefined) return further;
  const at = source.pod ?? `node:${walk.sender.node}`;
  return throughNode(step(walk, { at, action: 'sends' }), walk.sender.node);
}

/** From a machine on a segment, or from a pod's address there; undefined where nobody describes one. */
function fromSegments(walk: Walk, name: string | undefined): Outcome[] | undefined {
  const { index } = walk.question;
  const { source, destination } = walk.packet;
  const machine = sendingMachine(index, { address: source, machine: name, destination });
  if (machine === undefined) return undefined;
  const at = index.segments?.nameOf(machine) ?? source;
  const isPod = index.cluster.pods.has(at);
  const sent = step(walk, { at, action: 'sends' });
  if (isPod) return fromFurtherInterface(sent, at);
  return overSegments(sent, machine, name === undefined ? { source } : {});
}

/** Who sends from a virtual network around the nodes, and is none of them. */
interface OutsideSender {
  readonly end: End;
  readonly entry: Entry | undefined;
}

/** A machine that is named sends from the interface that leads to the destination. */
function outsideSender(
  index: ClusterIndex,
  { machine }: { readonly machine?: string },
  pair: AddressPair,
): OutsideSender | undefined {
  const found = outsideEntry(index, { address: pair.source, machine });
  if (found === undefined || found === 'internet') return undefined;
  const known = machine === undefined ? endAt(index, pair.source).place : undefined;
  if (known !== undefined && known.kind !== 'external') return undefined;
  const exit =
    machine !== undefined && found.kind === 'interface'
      ? index.networks?.exit(found.one, pair.destination)
      : undefined;
  const address = exit?.addresses[0] ?? pair.source;
  const place = { kind: 'external', address } as const;
  return { end: { address, name: machine ?? address, pod: undefined, place }, entry: found };
}

/** To whoever the virtual network says has the address: a node has rules for it. */
function fromNetwork(walk: Walk, entry: Entry): Outcome[] {
  const { source, destination } = walk.packet;
  const handed = crossNetwork(step(walk, { at: source, action: 'sends' }), entry);
  if ('verdict' in handed) return [handed];
  const { to } = handed;
  if (to.kind === 'internet' && isWithin([publicLoadBalancers], destination)) return fromOutside(handed.walk);
  if (to.kind === 'interface' && to.one.id.startsWith('node:'))
    return throughNode(handed.walk, to.one.machine);
  const place = { kind: 'external', address: destination } as const;
  return [deliver(handed.walk, { address: destination, name: destination, pod: undefined, place })];
}

/** From outside only addresses of the nodes' segment can be reached: nobody there has a route to any other. */
function fromOutside(walk: Walk): Outcome[] {
  const { index } = walk.question;
  const { source, destination } = walk.packet;
  const target = endAt(index, destination);
  const sent = step(walk, { at: source, action: 'sends' });
  const direct = toItsNode(sent, target);
  if (direct !== undefined) return direct;
  // Routers prefer what they are told of the address alone to the segment that it may be on.
  const hops = index.nextHops.get(destination) ?? [];
  if (hops.length > 0) return hops.flatMap((hop) => byLoadBalancer(sent, hop, 'by BGP'));
  const announcer = index.announcers.get(destination);
  if (announcer !== undefined) {
    if (isPrivateIn(index, destination))
      return [lost(sent, `no way leads from ${source} to the private address ${destination}`)];
    if (index.networks === undefined) return byLoadBalancer(sent, announcer, 'on layer 2');
    const entered = enterNetwork(sent, announcer);
    return 'verdict' in entered ? [entered] : byLoadBalancer(entered, announcer, 'in its network');
  }
  const why =
    target.place?.kind === 'external'
      ? `neither ${source} nor ${destination} is in the cluster`
      : `no route leads from outside to the cluster's own address ${destination}`;
  return [lost(sent, why)];
}

/** To addresses that the nodes' own network leads to: of a node, and, where they are of that network too, of pods. */
function toItsNode(sent: Walk, { place }: End): Outcome[] | undefined {
  const { index } = sent.question;
  const { source, destination } = sent.packet;
  if (place === undefined || place.kind === 'external') return undefined;
  const node = index.places.get(place.node);
  const isOfNetwork =
    place.kind === 'pod'
      ? modelTraits[index.cluster.config.model].podAddresses === 'network'
      : node !== undefined && nodeAddresses(node).includes(destination);
  if (!isOfNetwork) return undefined;
  if (nodeEntry(index, place.node, destination) === undefined) return throughNode(sent, place.node);
  // Nothing on the internet reaches a machine of a virtual network by itself.
  return [lost(sent, `no way leads from ${source} to the private address ${destination}`)];
}

/** A packet from outside that gets nowhere. */
function lost(walk: Walk, why: string): Outcome {
  const { source } = walk.packet;
  const reason: Reason = { stage: 'route', object: source, rule: why, verdict: 'unreachable' };
  return ended(walk, [reason], { at: source, why });
}

/** The node that answers for the address has rules for it. */
function byLoadBalancer(
  walk: Walk,
  node: string,
  how: 'by BGP' | 'on layer 2' | 'in its network',
): Outcome[] {
  const action = `answers for ${walk.packet.destination} ${how}`;
  return throughNode(step(walk, { at: `node:${node}`, action }), node);
}

/** One verdict for all backends, when they agree. */
function combine(outcomes: Outcome[]): Prediction {
  const [first] = outcomes;
  const differing = outcomes.find(({ verdict }) => verdict !== first?.verdict);
  const open = outcomes.find(({ unless }) => unless !== undefined);
  if (open?.unless !== undefined) {
    return { verdict: 'unknown', why: `${open.verdict} unless ${open.unless}`, outcomes };
  }
  if (first !== undefined && differing === undefined)
    return { verdict: first.verdict, why: first.why, outcomes };
  const backends = outcomes.map(({ backend, verdict }) => `${backend ?? 'another'} ${verdict}`);
  return {
    verdict: 'unknown',
    why: `it depends on the backend that is chosen: ${backends.join(', ')}`,
    outcomes,
  };
}
