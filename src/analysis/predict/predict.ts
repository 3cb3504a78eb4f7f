import type { Cluster } from '../../model/cluster.ts';
import { modelTraits } from '../../model/network/models.ts';
import { nodeAddresses } from '../../model/network/topology.ts';
import { indexOf } from '../cluster-index.ts';
import type { Flow, Outcome, Prediction, Reason, SourceOf } from '../flow.ts';
import { addressPair, endAt, sourceEnd, type End } from './ends.ts';
import { predictName, type NamedFlow } from './by-name.ts';
import { throughNode } from './travel.ts';
import { findsNode, isPrivateIn, isRoutedToNode } from './virtual-network.ts';
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
  return predictWay(cluster, flow, options);
}

/** As `predict`, towards an end that has an address; `domain` is the name that it was asked for by. */
function predictWay(cluster: Cluster, { domain, ...flow }: NamedFlow, options: PredictOptions): Prediction {
  const index = indexOf(cluster);
  const pair = addressPair(index, flow);
  if ('nothing' in pair) return pair.nothing === 'address' ? noAddress() : noFamily();
  const { destination } = pair;
  const source = sourceEnd(index, pair.source);
  if (source.place === undefined) return noAddress();
  const start: Walk = {
    question: {
      index,
      protocol: flow.protocol,
      sourceOf: options.sourceOf,
      domain: domain === undefined ? undefined : { name: domain, address: destination },
    },
    sender: source.place,
    packet: { source: source.address, destination, port: flow.port },
    service: undefined,
    backend: undefined,
    reasons: [],
    path: [],
    judged: [],
  };
  return combine(depart(start, source));
}

/** A Service without a cluster address is only a name: clients are told the addresses behind it and choose. */
function noAddress(): Prediction {
  const why = 'the Service has no cluster address; ask for the pods that its name stands for';
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

function depart(walk: Walk, source: End): Outcome[] {
  if (walk.sender.kind === 'external') return fromOutside(walk);
  const at = source.pod ?? `node:${walk.sender.node}`;
  return throughNode(step(walk, { at, action: 'sends' }), walk.sender.node);
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
    if (isPrivateIn(index, destination) && !findsNode(index, source, announcer))
      return [lost(sent, `no way leads from ${source} to the private address ${destination}`)];
    return byLoadBalancer(
      sent,
      announcer,
      index.networkWorld === undefined ? 'on layer 2' : 'in its network',
    );
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
  if (!isOfNetwork) {
    return isRoutedToNode(index, sent.packet, place.node) ? throughNode(sent, place.node) : undefined;
  }
  if (findsNode(index, source, place.node)) return throughNode(sent, place.node);
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
