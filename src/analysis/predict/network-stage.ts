import { familyOf } from '../../lib/address.ts';
import { answerTo, isBackAt, journeyOf, type Journey } from '../../model/fabric/network/journey.ts';
import {
  judgedOnEntering,
  type Entry,
  type Exit,
  type Judgement,
  type NetworkPacket,
  type Passage,
} from '../../model/fabric/network/passage.ts';
import { isWithin } from '../../model/fabric/network/next-hop.ts';
import { nodeLink } from '../../model/network/topology.ts';
import type { PortProtocol } from '../../model/policy/port-set.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Outcome, Reason, SourceOf } from '../flow.ts';
import { barrierOf, barrierOn } from './barrier.ts';
import {
  deniedWords,
  judgementWords,
  lossWords,
  machineName,
  routeWords,
  type Told,
} from './network-words.ts';
import { ended, step, type Walk } from './walk.ts';

/** Whom a virtual network has handed a packet to, and the walk until there. */
export interface Handed {
  readonly walk: Walk;
  readonly to: Exit;
}

/** The interface of a node; undefined where nodes are in no virtual network, or the packet is not one for it. */
export function nodeEntry({ networks }: ClusterIndex, node: string, address: string): Entry | undefined {
  if (familyOf(address) === 'IPv6') return undefined;
  const one = networks?.world.interfaces.find(({ id }) => id === `node:${node}/${nodeLink}`);
  return one && { kind: 'interface', one };
}

/**
 * Whoever of the world around the nodes sends from an address: the machine that is named, a machine or site with the
 * address, else the internet. Undefined where there is no virtual network.
 */
export function outsideEntry(
  { networks }: ClusterIndex,
  { address, machine }: { readonly address: string; readonly machine?: string | undefined },
): Entry | 'internet' | undefined {
  if (networks === undefined || familyOf(address) === 'IPv6') return undefined;
  const { interfaces, sites } = networks.world;
  const site = sites.find(({ metadata, spec }) =>
    machine === undefined ? isWithin(spec.prefixes, address) : machine === `site:${metadata.name}`,
  );
  if (site !== undefined) return { kind: 'site', site };
  const isMeant = machine === undefined ? () => true : (name: string) => name === machine;
  const one = interfaces.find((nic) => isMeant(machineName(nic)) && nic.addresses.includes(address));
  return one === undefined ? 'internet' : { kind: 'interface', one };
}

/** What has no ports is asked about as ICMP. */
const networkProtocol = (protocol: PortProtocol): NetworkPacket['protocol'] =>
  protocol === 'other' ? 'ICMP' : protocol;

/** The virtual network carries the packet to whoever its routes lead to and its security groups let have it. */
export function crossNetwork(walk: Walk, sender: Entry): Handed | Outcome {
  const { packet, question } = walk;
  const { networks } = question.index;
  if (networks === undefined) return { walk, to: sender };
  const sent: NetworkPacket = { ...packet, protocol: networkProtocol(question.protocol) };
  const journey = journeyOf(networks, sender, sent);
  const { end, passages } = journey;
  const carried = passages.reduce(takePassage, walk);
  if (end.kind === 'lost') {
    const words = lossWords(journey, { ...sent, isAnswer: false });
    const lost = ended(carried, [unreachable(carried, words)], { at: words.at, why: words.text });
    return { ...lost, ...barrierOn(journey, sent) };
  }
  const source = 'seenAs' in end ? end.seenAs : journey.source;
  const crossings = [...walk.crossings, { sender, packet: sent, journey }];
  return { walk: { ...carried, packet: { ...packet, source }, crossings, reached: end }, to: end };
}

/**
 * A flow from the internet enters the virtual network at a load balancer's public address, which a node is handed: the
 * security groups of that node's subnet and interface judge it as it is.
 */
export function enterNetwork(walk: Walk, node: string): Walk | Outcome {
  const { packet, question } = walk;
  const { networks } = question.index;
  const entry = nodeEntry(question.index, node, packet.destination);
  if (networks === undefined || entry?.kind !== 'interface') return walk;
  const sent: NetworkPacket = { ...packet, protocol: networkProtocol(question.protocol) };
  const judgements = judgedOnEntering(networks, entry.one, sent);
  const admitted = takeJudgements(walk, judgements);
  const last = judgements.at(-1);
  if (last?.rule.access !== 'Deny') return admitted;
  const words = deniedWords(last, sent);
  const stopped = ended(admitted, [unreachable(admitted, words)], { at: words.at, why: words.text });
  return { ...stopped, ...barrierOf(last, sent) };
}

/** Whether an answer finds the way back through every virtual network that the packet has crossed. */
export function findWayBack(walk: Walk): Walk | Outcome {
  const { networks } = walk.question.index;
  let found = walk;
  if (networks === undefined) return walk;
  for (const { sender, packet, journey } of walk.crossings.toReversed()) {
    const back = answerTo(networks, journey, packet);
    if (!isBackAt(back, sender)) {
      const words = lossWords(back, {
        ...packet,
        source: packet.destination,
        destination: packet.source,
        isAnswer: true,
      });
      const text = `the answer is lost: ${words.text}`;
      return ended(found, [unreachable(walk, words)], { at: words.at, why: text });
    }
    found = takeOtherWay(found, journey, back);
  }
  return found;
}

/** Appliances that keep track of connections refuse what they see half of. */
function takeOtherWay(walk: Walk, there: Journey, back: Journey): Walk {
  if (back.passages.length === 0) return walk;
  const [onWay, onReturn] = [appliancesOf(there), appliancesOf(back)];
  if (sameNames(onWay, onReturn.toReversed())) return walk;
  const { reached } = walk;
  const at = reached?.kind === 'interface' ? machineName(reached.one) : 'network';
  const by = (names: readonly string[]): string =>
    names.length === 0 ? 'directly' : `by ${names.join(', ')}`;
  const action = `answers ${by(onReturn)}, asked ${by(onWay)}: who keeps track of connections would not let this pass`;
  return step(walk, { at, action });
}

/** Those that pass a packet on: all that hand it to the network but the first. */
function appliancesOf({ passages }: Journey): string[] {
  return passages.slice(1).flatMap(({ from }) => (from.kind === 'interface' ? [machineName(from.one)] : []));
}

const sameNames = (one: readonly string[], other: readonly string[]): boolean => one.join() === other.join();

function takePassage(walk: Walk, passage: Passage): Walk {
  const judged = takeJudgements(walk, passage.judgements);
  return passage.to === undefined ? judged : take(judged, routeWords(passage));
}

/** Those that let it pass. */
function takeJudgements(walk: Walk, judgements: readonly Judgement[]): Walk {
  return judgements
    .filter(({ rule }) => rule.access === 'Allow')
    .reduce((before, one) => take(before, judgementWords(one)), walk);
}

function take(walk: Walk, told: Told): Walk {
  const { at, text } = told;
  return step(walk, { at, action: text, reasons: reasonsOf(told, walk.question.sourceOf) });
}

/** The rules of security groups and users' routes that let a packet through a passage. */
export function passageReasons(
  { judgements, ...passage }: Passage,
  sourceOf: SourceOf | undefined,
): Reason[] {
  const judged = judgements.filter(({ rule }) => rule.access === 'Allow').map(judgementWords);
  const routed = passage.to === undefined ? [] : [routeWords({ ...passage, judgements })];
  return [...judged, ...routed].flatMap((told) => reasonsOf(told, sourceOf));
}

/** The reason for letting a packet pass, where somebody wrote it. */
function reasonsOf({ object, rule, where }: Told, sourceOf: SourceOf | undefined): Reason[] {
  if (where === undefined) return [];
  return [{ stage: where.stage, object, rule, verdict: 'allowed', ...sourceOf?.(where, where.path) }];
}

function unreachable({ question }: Walk, { object, rule, where }: Told): Reason {
  const stage = where?.stage ?? 'route';
  const place = where === undefined ? undefined : question.sourceOf?.(where, where.path);
  return { stage, object, rule, verdict: 'unreachable', ...place };
}

/** Whether an address is of the virtual networks' own space, which the internet does not reach. */
export function isPrivateIn({ networks }: ClusterIndex, address: string): boolean {
  const spaces = [...(networks?.world.networks.values() ?? [])].flatMap(({ spec }) => spec.addressSpace);
  return isWithin(spaces, address);
}
