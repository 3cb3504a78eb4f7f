import { familyOf } from '../../lib/address.ts';
import { answerTo, journeyOf, type Journey } from '../../model/fabric/network/journey.ts';
import type { Entry, Exit, NetworkPacket, Passage } from '../../model/fabric/network/passage.ts';
import { isWithin } from '../../model/fabric/network/next-hop.ts';
import { nodeLink } from '../../model/network/topology.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Outcome, Reason } from '../flow.ts';
import { judgementWords, lossWords, machineName, routeWords, type Told } from './network-words.ts';
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

/** The virtual network carries the packet to whoever its routes lead to and its security groups let have it. */
export function crossNetwork(walk: Walk, sender: Entry): Handed | Outcome {
  const { packet, question } = walk;
  const { networks } = question.index;
  if (networks === undefined) return { walk, to: sender };
  const sent: NetworkPacket = { ...packet, protocol: question.protocol };
  const journey = journeyOf(networks, sender, sent);
  const { end, passages } = journey;
  const carried = passages.reduce(takePassage, walk);
  if (end.kind === 'lost') {
    const words = lossWords(journey, { ...sent, isAnswer: false });
    return ended(carried, [unreachable(carried, words)], { at: words.at, why: words.text });
  }
  const source = 'seenAs' in end ? end.seenAs : journey.source;
  const crossings = [...walk.crossings, { sender, packet: sent, journey }];
  return { walk: { ...carried, packet: { ...packet, source }, crossings, reached: end }, to: end };
}

/** Whether an answer finds the way back through every virtual network that the packet has crossed. */
export function findWayBack(walk: Walk): Walk | Outcome {
  const { networks } = walk.question.index;
  let found = walk;
  if (networks === undefined) return walk;
  for (const { sender, packet, journey } of walk.crossings.toReversed()) {
    const back = answerTo(networks, journey, packet);
    if (back.end.kind === 'lost' || !isWhere(back.end, sender)) {
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

function isWhere(end: Journey['end'], sender: Entry): boolean {
  if (sender.kind === 'site') return end.kind === 'site' && end.site === sender.site;
  return end.kind === 'interface' && end.one.netns === sender.one.netns;
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
  const { sourceOf } = walk.question;
  const allowed = ({ object, rule, at, text, where }: Told): Parameters<typeof step>[1] => ({
    at,
    action: text,
    reasons:
      where === undefined
        ? []
        : [{ stage: where.stage, object, rule, verdict: 'allowed', ...sourceOf?.(where, where.path) }],
  });
  const judged = passage.judgements
    .filter(({ rule }) => rule.access === 'Allow')
    .reduce((before, one) => step(before, allowed(judgementWords(one))), walk);
  return passage.to === undefined ? judged : step(judged, allowed(routeWords(passage)));
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
