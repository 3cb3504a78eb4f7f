import { isOnInternet } from './internet.ts';
import type { Lookups } from './lookups.ts';
import { passageOf, type Entry, type Exit, type Loss, type NetworkPacket, type Passage } from './passage.ts';
import { siteAddress } from './sites.ts';
import type { NetworkInterface } from './world.ts';

/** Where a packet's journey ends without anybody's having it. */
export type JourneyLoss =
  | Loss
  /** Appliances hand it round. */
  | 'circle'
  /** The machine that has it does not have the address, and has nowhere to send it. */
  | 'nobody-there'
  /** An appliance that puts its own address in has not seen what this answers. */
  | 'strange-answer';

/** A packet's way through virtual networks, from appliance to appliance. */
export interface Journey {
  /** None where the packet stays on its machine. */
  readonly passages: readonly Passage[];
  /** The packet's source in the end, before the network itself shows the internet another. */
  readonly source: string;
  /** Who put an address of its own in place of which, in this order. */
  readonly translations: readonly { readonly by: NetworkInterface; readonly source: string }[];
  /** Who has it in the end: an interface stands for its machine. */
  readonly end: Exit | { readonly kind: 'lost'; readonly why: JourneyLoss };
}

/**
 * What becomes of a packet that a machine sends, given by any of its interfaces, or a site's. Appliances pass on what is not
 * for them, unchanged; what their own firewalls say nobody knows here. `answered` is the way of what an answer answers.
 */
export function journeyOf(
  lookups: Lookups,
  sender: Entry,
  sent: NetworkPacket,
  answered?: Pick<Journey, 'passages'>,
): Journey {
  const { destination } = sent;
  const passages: Passage[] = [];
  const translations: { by: NetworkInterface; source: string }[] = [];
  let packet = sent;
  const ends = (end: Journey['end']): Journey => ({ passages, translations, source: packet.source, end });
  const lost = (why: JourneyLoss): Journey => ends({ kind: 'lost', why });
  if (endAt(lookups, sender, destination) === 'has-it') return ends(sender);
  let from = exitOf(lookups, sender, destination);
  while (from !== undefined) {
    const own = translated(from, packet);
    if (own !== undefined) {
      translations.push({ by: own.by, source: packet.source });
      packet = { ...packet, source: own.source };
    }
    const passage = passageOf(lookups, from, packet);
    passages.push(passage);
    const { to, lost: why } = passage;
    if (to === undefined) return lost(why ?? 'nobody');
    const end = endAt(lookups, to, destination);
    if (end !== 'passes') return end === 'has-it' ? ends(to) : lost(end);
    from = exitOf(lookups, to, destination);
    if (from !== undefined && answered !== undefined && isStrange(from, answered))
      return lost('strange-answer');
    const next = from;
    if (passages.some((before) => isSame(before.from, next))) return lost('circle');
  }
  return lost('nobody-there');
}

/** Whether it gives what leaves by it an address of its own, and knows no flow that went this way. */
function isStrange(from: Entry, { passages }: Pick<Journey, 'passages'>): boolean {
  if (from.kind === 'site' || from.one.masquerades !== true) return false;
  const { netns } = from.one;
  return !passages.some((before) => before.from.kind === 'interface' && before.from.one.netns === netns);
}

/** What an interface makes of the source of a new flow that leaves by it; undefined where it leaves it. */
export function translated(
  from: Entry,
  { source, isAnswer }: NetworkPacket,
): { readonly by: NetworkInterface; readonly source: string } | undefined {
  const by = from.kind === 'interface' && from.one.masquerades === true ? from.one : undefined;
  const [own] = by?.addresses ?? [];
  const changes = own !== undefined && own !== source && isAnswer !== true;
  return by !== undefined && changes ? { by, source: own } : undefined;
}

function endAt(lookups: Lookups, to: Exit, destination: string): 'has-it' | 'passes' | 'nobody-there' {
  if (to.kind === 'interface') return lookups.isItself(to.one, destination) ? 'has-it' : 'passes';
  const isMissing =
    (to.kind === 'site' && siteAddress(to.site) !== destination) ||
    (to.kind === 'internet' && !isOnInternet(destination));
  return isMissing ? 'nobody-there' : 'has-it';
}

/** By which interface a machine sends; a site has one. */
function exitOf(lookups: Lookups, machine: Exit, address: string): Entry | undefined {
  if (machine.kind === 'site') return machine;
  const one = machine.kind === 'interface' ? lookups.exit(machine.one, address) : undefined;
  return one && { kind: 'interface', one };
}

function isSame(one: Entry, other: Entry | undefined): boolean {
  return one.kind === 'interface' && other?.kind === 'interface' && one.one.id === other.one.id;
}

/** Whether an answer has come back to whoever sent. */
export function isBackAt({ end }: Journey, sender: Entry): boolean {
  if (sender.kind === 'site') return end.kind === 'site' && end.site === sender.site;
  return end.kind === 'interface' && end.one.netns === sender.one.netns;
}

/**
 * The way of what answers a flow that went this journey, back to who sent it. From the internet and from public services
 * everything comes straight back, whatever routes say, if the network that let it out knows who asked.
 */
export function answerTo(lookups: Lookups, journey: Journey, packet: NetworkPacket): Journey {
  const answer = { ...packet, source: packet.destination, destination: journey.source, isAnswer: true };
  let back = toLastSource(lookups, journey, answer);
  for (const { by, source } of journey.translations.toReversed()) {
    if (back.end.kind === 'lost') return back;
    const isThere = back.end.kind === 'interface' && back.end.one.netns === by.netns;
    if (!isThere) return { ...back, end: { kind: 'lost', why: 'nobody' } };
    const sent = { ...answer, destination: source };
    const next = journeyOf(lookups, { kind: 'interface', one: by }, sent, journey);
    back = { ...next, passages: [...back.passages, ...next.passages] };
  }
  return back;
}

/** Back to whoever the packet came from as it was in the end. */
function toLastSource(lookups: Lookups, journey: Journey, answer: NetworkPacket): Journey {
  const { end, passages } = journey;
  const straight = (there: Journey['end']): Journey => ({
    passages: [],
    translations: [],
    source: answer.source,
    end: there,
  });
  if (end.kind === 'interface' || end.kind === 'site') return journeyOf(lookups, end, answer, journey);
  if (end.kind === 'lost') return straight(end);
  const last = passages.at(-1)?.from;
  if (end.kind === 'platform' && last !== undefined) return straight(last);
  const to = last?.kind === 'interface' ? lookups.recipient(last.one.network, answer.destination) : undefined;
  return straight(to === undefined ? { kind: 'lost', why: 'nobody' } : { kind: 'interface', one: to });
}
