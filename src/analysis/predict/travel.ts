import { familyOf, parseAddress } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { modelTraits, type ModelTraits } from '../../model/network/models.ts';
import { sourceSeen } from '../../model/network/source.ts';
import { hasWayBack } from '../../model/network/way-back.ts';
import type { Machine } from '../../model/fabric/machines.ts';
import { nodeLink, placeIn, type NodePlace } from '../../model/network/topology.ts';
import type { Judged, Outcome, Reason } from '../flow.ts';
import { endAt, type End } from './ends.ts';
import { isListening, type DeclaredPort } from './listening.ts';
import { landedMachine, machineAt, type ListeningMachine } from './machine-listening.ts';
import { policyReasons, type PolicyVerdict } from './policy-stage.ts';
import { translate } from './service-stage.ts';
import { crossNetwork, findWayBack, nodeEntry } from './network-stage.ts';
import { machineName } from './network-words.ts';
import {
  crossSegments,
  findBackOverSegments,
  furtherSource,
  interfaceStage,
  podExit,
  worldsTowards,
} from './segment-stage.ts';
import { answered, ended, step, type Walk } from './walk.ts';

/**
 * The packet passes a node from its pods, its own stack or the wire. Its Service rules come first: what they
 * refuse no policy ever sees, and what they translate is judged by where it goes now.
 */
export function throughNode(walk: Walk, node: string): Outcome[] {
  const translation = translate(walk, node);
  if (translation.kind === 'none') return onwards(walk, node);
  const { kind, reason } = translation;
  if (kind === 'refused') return [ended(walk, [reason], { at: atNode(node), why: translation.why })];
  return translation.endpoints.flatMap((endpoint) => {
    const { address, port } = endpoint;
    // An endpoint that somebody wrote down names no pod, but may have the address of one.
    const pod = endpoint.pod ?? walk.question.index.podAt.get(address);
    const action = `${reason.object} chooses ${pod ?? address}`;
    const packet = { ...walk.packet, destination: address, port };
    const { service } = translation;
    const after = { packet, service, backend: pod };
    return onwards(step(walk, { at: atNode(node), action, reasons: [reason] }, after), node);
  });
}

/** Past the Service rules: the sender's egress policies, then the way to whoever has the destination address. */
function onwards(walk: Walk, node: string): Outcome[] {
  const { index } = walk.question;
  const target = targetOf(walk);
  const nobody = `nobody has the address ${target.address}`;
  // A node knows who is in its own block: routing drops the packet before any policy sees it.
  if (target.place === undefined && isInBlockOf(index.places.get(node), target.address)) {
    return [noWay(walk, node, nobody)];
  }
  const judged = judgeEgress(walk, node);
  if ('verdict' in judged) return [judged];
  if (target.place === undefined) return [noWay(judged, node, nobody)];
  const machine = target.place.kind === 'external' ? index.segments?.machine(atNode(node)) : undefined;
  if (machine !== undefined) {
    const routed = route(judged, node, target);
    return overSegments(routed, machine, { source: routed.packet.source, name: target.name });
  }
  const isOtherNode = target.place.kind === 'node' && target.place.node !== node;
  if (!isOtherNode) return [arrive(judged, node, target)];
  // Another node may serve a node port: there the packet comes from outside, with the address it left with.
  const routed = throughNetwork(route(judged, node, target), node, target);
  if ('verdict' in routed) return [routed];
  const sender = { kind: 'external', address: routed.packet.source } as const;
  return throughNode({ ...routed, sender }, target.place.node);
}

/** Over segments to the machine that has the packet's address, or on through a node that has rules for it. */
export function overSegments(
  walk: Walk,
  from: Machine,
  { source, name }: { readonly source?: string; readonly name?: string },
): Outcome[] {
  if (walk.trips.length > mostTrips)
    return [noWay(walk, from.name, `packets for ${walk.packet.destination} go round`)];
  return worldsTowards(walk.question.index, walk.packet.destination).flatMap((world) => {
    const landed = crossSegments(walk, from, { source, world });
    if ('verdict' in landed) return [landed];
    const { destination: address, source: sent } = landed.walk.packet;
    const there: Walk = { ...landed.walk, sender: { kind: 'external', address: sent } };
    return landAt(there, landed.machine, name ?? address);
  });
}

/** A machine has the packet: it is for it, or for whoever is behind a node. */
function landAt(walk: Walk, machine: Machine, called: string): Outcome[] {
  const { index } = walk.question;
  const { destination: address } = walk.packet;
  const name = index.segments?.nameOf(machine) ?? '';
  const pod = index.cluster.pods.get(name);
  if (pod !== undefined) return [intoPod(walk, name, pod.spec.nodeName ?? '')];
  if (name.startsWith('node:')) {
    const node = name.slice('node:'.length);
    if (!hasFurther(machine, address)) return throughNode(walk, node);
    return [deliver(walk, { address, name, pod: undefined, place: { kind: 'node', address, node } })];
  }
  const place = { kind: 'external', address } as const;
  return [deliver(walk, { address, name: name.startsWith('vm:') ? name : called, pod: undefined, place })];
}

/** More ways than this between nodes are a circle. */
const mostTrips = 8;

/** Whether an address is of an interface that not every node has. */
function hasFurther({ interfaces }: Machine, address: string): boolean {
  return interfaces.some(
    ({ name, addresses }) =>
      name !== nodeLink && addresses.some((text) => text.replace(/\/.*$/, '') === address),
  );
}

/** By a further interface. */
function intoPod(walk: Walk, pod: string, node: string): Outcome {
  const { destination: address } = walk.packet;
  const key = interfaceAt(walk, pod, address);
  const stage = key === undefined ? undefined : interfaceStage(walk, 'ingress', key);
  const allowed = stage === undefined ? walk : judge(walk, stage, pod);
  if ('verdict' in allowed) return allowed;
  return deliver(allowed, { address, name: `Pod ${pod}`, pod, place: { kind: 'pod', address, node } });
}

function interfaceAt({ question: { index } }: Walk, pod: string, address: string): string | undefined {
  for (const [key, one] of index.segments?.interfaces ?? [])
    if (one.pod === pod && one.addresses.includes(address)) return key;
  return undefined;
}

/** A pod sends by a further interface, where the routes inside it lead there; undefined where it sends by `eth0`. */
export function fromFurtherInterface(walk: Walk, pod: string): Outcome[] | undefined {
  const exit = podExit(walk.question.index, pod, walk.packet.destination);
  if (exit === undefined) return undefined;
  const { machine, key, source } = exit;
  const sent = { ...walk, packet: { ...walk.packet, source } };
  const stage = interfaceStage(sent, 'egress', key);
  const allowed = stage === undefined ? sent : judge(sent, stage, pod);
  return 'verdict' in allowed ? [allowed] : overSegments(allowed, machine, { source });
}

/** Whoever has the destination address, by the domain name where it was asked for by one. */
function targetOf({ question: { index, domain }, packet }: Walk): End {
  const end = endAt(index, packet.destination);
  return domain?.address === packet.destination ? { ...end, name: domain.name } : end;
}

function isInBlockOf(place: NodePlace | undefined, text: string): boolean {
  const own = placeIn(place, familyOf(text));
  const block = own === undefined ? undefined : parsePrefix(own.podCidr);
  const address = parseAddress(text);
  return block !== undefined && address !== undefined && contains(block, address);
}

function judgeEgress(walk: Walk, node: string): Walk | Outcome {
  if (walk.sender.kind !== 'pod') return walk;
  const { packet, question } = walk;
  const { index, protocol } = question;
  const pod = index.podAt.get(walk.sender.address);
  if (pod === undefined) return walk;
  const stage: Judged = {
    direction: 'egress',
    pod,
    address: packet.source,
    peerAddress: packet.destination,
    ...(question.domain?.address === packet.destination && { domain: question.domain.name }),
    protocol,
    port: packet.port,
  };
  return judge(walk, stage, atNode(node));
}

/** The packet reaches the end that has its address: routing, that end's ingress policies, and who listens. */
function arrive(walk: Walk, node: string, target: End): Outcome {
  const routed = walk.sender.kind === 'external' && isItself(node, target) ? walk : route(walk, node, target);
  const beyond = throughNetwork(routed, node, target);
  if ('verdict' in beyond) return beyond;
  const allowed = judgeIngress(beyond, target);
  if ('verdict' in allowed) return allowed;
  return deliver(allowed, target);
}

/** What the virtual network of the nodes does with a packet that leaves one of them. */
function throughNetwork(walk: Walk, node: string, target: End): Walk | Outcome {
  const entry = nodeEntry(walk.question.index, node, target.address);
  if (entry === undefined || isHere(node, target)) return walk;
  const handed = crossNetwork(walk, entry);
  if ('verdict' in handed) return handed;
  const { place, address } = target;
  if (place === undefined || place.kind === 'external') return handed.walk;
  const name = handed.to.kind === 'interface' ? machineName(handed.to.one) : handed.to.kind;
  if (name === atNode(place.node)) return handed.walk;
  return noWay(handed.walk, node, `the virtual network hands what is for ${address} to ${name}`);
}

/** Whether a node has it without anybody else: itself, or in one of its pods. */
const isHere = (node: string, { place }: End): boolean =>
  place !== undefined && place.kind !== 'external' && place.node === node;

const isItself = (node: string, { place }: End): boolean => place?.kind === 'node' && place.node === node;

function judgeIngress(walk: Walk, { pod, place }: End): Walk | Outcome {
  if (pod === undefined || place?.kind !== 'pod') return walk;
  const { packet, question } = walk;
  const { protocol } = question;
  const stage: Judged = {
    direction: 'ingress',
    pod,
    address: packet.destination,
    peerAddress: packet.source,
    protocol,
    port: packet.port,
  };
  return judge(walk, stage, atNode(place.node));
}

/** The walk behind the policies of a pod, or its end there. */
function judge(before: Walk, asked: Judged, at: string): Walk | Outcome {
  const { index, sourceOf, isWayOnly } = before.question;
  const walk = { ...before, judged: [...before.judged, asked] };
  if (isWayOnly === true) return walk;
  const verdict = policyReasons(index, asked, sourceOf);
  const { direction } = asked;
  if (verdict.verdict === 'denied') return deniedBy(walk, verdict, { direction, at });
  const { reasons, line } = verdict;
  const [first] = reasons;
  const rule = line ?? `${first?.object ?? ''}, ${first?.rule ?? ''}`;
  return step(walk, { at, action: `${direction} is allowed: ${rule}`, reasons });
}

function deniedBy(
  walk: Walk,
  { verdict, reasons, line, unless }: PolicyVerdict,
  { direction, at }: Pick<Judged, 'direction'> & { readonly at: string },
): Outcome {
  const denying = reasons.filter((reason) => reason.verdict === 'denied');
  const isolating = denying.map(({ object }) => object).join(', ');
  const why =
    line === undefined
      ? `nothing in ${isolating} allows this ${direction}`
      : `this ${direction} is denied: ${line}`;
  const outcome = ended(walk, reasons, { at, why, verdict });
  return unless === undefined ? outcome : { ...outcome, unless };
}

/** A node sends the packet towards the target, with its own address as the source where it has to masquerade. */
function route(walk: Walk, node: string, target: End): Walk {
  const { packet, sender, service, question } = walk;
  if (target.place === undefined) return walk;
  const seen = sourceSeen(question.index.sources, {
    source: sender,
    destination: target.place,
    port: { protocol: question.protocol, port: packet.port },
    ...(service === undefined ? {} : { service }),
  });
  const further =
    target.place.kind === 'external' ? furtherSource(question.index, node, target.address) : undefined;
  const source = further ?? seen ?? packet.source;
  // A node that starts the connection does not translate: it chooses the address of the outgoing link.
  const verb = sender.kind === 'node' && service === undefined ? 'sends as' : 'masquerades as';
  const rewrite = source === packet.source ? '' : `${verb} ${source}, `;
  return step(
    walk,
    {
      at: atNode(node),
      action: `${rewrite}${wayTo(node, target, modelTraits[question.index.cluster.config.model])}`,
    },
    { packet: { ...packet, source } },
  );
}

function wayTo(node: string, { place, name }: End, { transport }: ModelTraits): string {
  if (place?.kind === 'pod') {
    if (place.node === node) return `routes to the link of ${name}`;
    const how = transport.kind === 'vxlan' ? 'through VXLAN' : 'by the virtual network';
    return `routes ${how} to node ${place.node}`;
  }
  return place?.kind === 'node' && place.node === node ? 'delivers to itself' : `routes to ${name}`;
}

/** Whoever has the address answers, if somebody listens there and the answer finds back. */
export function deliver(walk: Walk, target: End): Outcome {
  const { question } = walk;
  const isOutside = target.place?.kind === 'external';
  if (isOutside && !hasWayBack(question.index.cluster.config, walk.packet.source)) {
    const why = `${target.name} knows no way back to ${walk.packet.source}`;
    const reason: Reason = { stage: 'route', object: target.name, rule: why, verdict: 'unreachable' };
    return ended(walk, [reason], { at: target.name, why });
  }
  const back = findWayBack(walk);
  const found = 'verdict' in back ? back : findBackOverSegments(back);
  return 'verdict' in found ? found : answer(found, target);
}

function answer(walk: Walk, target: End): Outcome {
  const { packet, question } = walk;
  const { protocol, index } = question;
  const isOutside = target.place?.kind === 'external';
  const machine = isOutside ? described(walk) : undefined;
  const listener = machine ?? {
    ...target,
    at: target.pod ?? target.name,
    object: target.pod === undefined ? undefined : { kind: 'Pod', key: target.pod },
    ports: 'spec.containers',
    isListening: (asked: DeclaredPort) => isListening(index, target, asked),
  };
  const isAsked = question.isWayOnly !== true && protocol !== 'other';
  if (isAsked && !listener.isListening({ protocol, port: packet.port })) return refused(walk, listener);
  const own = protocol === 'other' ? 'answers ICMP' : `listens on ${protocol} ${packet.port}`;
  const rule = isOutside && machine === undefined ? 'outside the cluster: whoever is there decides' : own;
  const reason: Reason = { stage: 'delivery', object: listener.name, rule, verdict: 'allowed' };
  return answered(step(walk, { at: listener.at, action: rule, reasons: [reason] }), packet.source);
}

function described({ reached, landed, question: { index } }: Walk): ListeningMachine | undefined {
  if (reached !== undefined) return machineAt(index, reached);
  return landed === undefined ? undefined : landedMachine(index, landed);
}

function refused(walk: Walk, { name, at, object, ports }: ListeningMachine): Outcome {
  const { packet, question } = walk;
  const why = `${name} does not listen on ${question.protocol} ${packet.port}`;
  const location = object === undefined ? undefined : question.sourceOf?.(object, ports);
  const reason: Reason = {
    stage: 'delivery',
    object: name,
    rule: ports,
    verdict: 'refused',
    ...location,
  };
  return ended(walk, [reason], { at, why });
}

function noWay(walk: Walk, node: string, why: string): Outcome {
  const reason: Reason = { stage: 'route', object: `Node ${node}`, rule: why, verdict: 'unreachable' };
  return ended(walk, [reason], { at: atNode(node), why });
}

/** How paths name a node. */
function atNode(node: string): string {
  return `node:${node}`;
}
