import type { NetworkSecurityGroup, Site } from '../../../api/types/fabric.ts';
import { labAddresses } from '../../network/lab-addresses.ts';
import type { EffectiveRoute } from './effective-routes.ts';
import { judgesOf, type Judge } from './judges.ts';
import type { Lookups } from './lookups.ts';
import { longestWithin, nextHopOf, isWithin } from './next-hop.ts';
import { isOwnedBy, mayPass } from './owned.ts';
import { metadataAddress, platformAddress } from './platform.ts';
import { decidingRule, type Direction, type JudgedFlow, type ResolvedRule } from './security.ts';
import type { NetworkInterface } from './world.ts';

/** Who hands a packet to the network. */
export type Entry =
  | { readonly kind: 'interface'; readonly one: NetworkInterface }
  | { readonly kind: 'site'; readonly site: Site };

/** Whom the network hands it to. */
export type Exit =
  | Entry
  /** At the internet's machine or that of public services; the address that is seen there. */
  | { readonly kind: 'internet' | 'services'; readonly seenAs: string }
  /** Public services, from a private address. */
  | { readonly kind: 'endpoint' }
  /** The fabric itself answers. */
  | { readonly kind: 'platform' };

/** Why a packet gets no further. */
export type Loss =
  /** Its source is neither the sender's own, nor does the sender's interface forward. */
  | 'foreign-source'
  /** A route says so. */
  | 'none'
  /** Nobody has the address of the next hop. */
  | 'no-hop'
  /** The interface at the next hop does not forward. */
  | 'not-forwarding'
  | 'no-gateway'
  /** A gateway is handed what its site does not have. */
  | 'not-in-site'
  | 'nobody'
  | 'security-group'
  /** Only what is the interface's own gets a public address. */
  | 'not-shared'
  /** No port of a public address is left for the interface. */
  | 'no-share';

/** What a security group says about a flow. */
export interface Judgement {
  readonly group: NetworkSecurityGroup;
  readonly of: Judge['of'];
  /** The interface that it is about. */
  readonly at: NetworkInterface;
  readonly direction: Direction;
  readonly rule: ResolvedRule;
}

/** One way through the network, from one machine to the next. */
export interface Passage {
  readonly from: Entry;
  /** The route that decides; absent where there is nothing but delivery: from a site, and in an overlay. */
  readonly route?: EffectiveRoute;
  /** In the order in which they are asked; the last one denies where the packet is lost for that. */
  readonly judgements: readonly Judgement[];
  readonly to?: Exit;
  /** Exactly one of these two is set. */
  readonly lost?: Loss;
}

/** A packet in the network. Answers to a flow that was let through are not judged again. */
export interface NetworkPacket {
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'ICMP';
  /** Of the destination; of an answer, that of the source. 0 for ICMP. */
  readonly port: number;
  /** Where it is known; rules about source ports match only then. */
  readonly sourcePort?: number;
  readonly isAnswer?: boolean;
}

/** What becomes of a packet that a machine hands to the network, until the next machine has it. */
export function passageOf(lookups: Lookups, from: Entry, packet: NetworkPacket): Passage {
  if (!mayEnter(from, packet.source)) return { from, judgements: [], lost: 'foreign-source' };
  const forwarder = atForwarder(packet);
  if (forwarder !== undefined) return { from, judgements: [], ...forwarder };
  const { route, ...way } = wayOf(lookups, from, packet.destination);
  const told = { from, ...(route !== undefined && { route }) };
  if (way.lost !== undefined) return { ...told, judgements: [], lost: way.lost };
  return { ...told, ...handOver(lookups, { from, to: way.to, packet }) };
}

/** Behind the routes: whether the packet may be handed over there, and what groups say. */
function handOver(lookups: Lookups, crossing: Crossing): Omit<Passage, 'from' | 'route'> {
  const { from, to, packet } = crossing;
  const refused = refusal(crossing);
  if (refused !== undefined) return { judgements: [], lost: refused };
  const judgements = packet.isAnswer === true ? [] : judged(lookups, crossing);
  if (judgements.at(-1)?.rule.access === 'Deny') return { judgements, lost: 'security-group' };
  return { judgements, ...exitTo(lookups, from, to) };
}

function refusal({ from, to, packet }: Crossing): Loss | undefined {
  if (to.kind === 'interface') return mayPass(to.one, packet.destination) ? undefined : 'not-forwarding';
  if (to.kind !== 'internet' && to.kind !== 'services') return undefined;
  const isOwn = from.kind === 'interface' && isOwnedBy(from.one, packet.source);
  return isOwn || packet.isAnswer === true ? undefined : 'not-shared';
}

/** The internet is shown a share of a public address. */
function exitTo(lookups: Lookups, from: Entry, to: Towards): { readonly to: Exit } | { readonly lost: Loss } {
  if (to.kind !== 'internet' && to.kind !== 'services') return { to };
  const share = from.kind === 'interface' ? lookups.share(from.one) : undefined;
  return share === undefined ? { lost: 'no-share' } : { to: { kind: to.kind, seenAs: share.address } };
}

function mayEnter(from: Entry, source: string): boolean {
  return from.kind === 'site' ? isWithin(from.site.spec.prefixes, source) : mayPass(from.one, source);
}

/** What the fabric has for itself: a name server and a metadata service, and its address at the internet. */
function atForwarder({
  destination,
  protocol,
  port,
}: NetworkPacket): { readonly to: Exit } | { readonly lost: Loss } | undefined {
  const isAsked =
    (destination === platformAddress && protocol !== 'SCTP' && port === 53) ||
    (destination === metadataAddress && protocol === 'TCP' && port === 80);
  if (isAsked) return { to: { kind: 'platform' } };
  const own: readonly string[] = [platformAddress, metadataAddress, labAddresses.internetRouter];
  return own.includes(destination) ? { lost: 'nobody' } : undefined;
}

type Towards =
  | Entry
  | { readonly kind: 'internet' }
  | { readonly kind: 'services' }
  | { readonly kind: 'endpoint' };

type Way = { readonly route?: EffectiveRoute } & (
  | { readonly to: Towards; readonly lost?: undefined }
  | { readonly to?: undefined; readonly lost: Loss }
);

function wayOf(lookups: Lookups, from: Entry, destination: string): Way {
  if (from.kind === 'site') return handedTo(lookups.fromSite(from.site, destination));
  const { one } = from;
  const inDomain = one.domain && lookups.inDomain(one.domain.name, destination);
  if (inDomain !== undefined) return handedTo(inDomain);
  const route = lookups.route(one, destination);
  if (route === undefined) return { lost: 'none' };
  return { route, ...byRoute(lookups, one, { route, destination }) };
}

const handedTo = (one: NetworkInterface | undefined): Way =>
  one === undefined ? { lost: 'nobody' } : { to: { kind: 'interface', one } };

function byRoute(
  lookups: Lookups,
  one: NetworkInterface,
  { route, destination }: { readonly route: EffectiveRoute; readonly destination: string },
): Way {
  const find = (address: string): NetworkInterface | undefined => lookups.recipient(one.network, address);
  const hop = nextHopOf(route, { world: lookups.world, network: one.network, recipient: find });
  switch (hop.kind) {
    case 'delivery':
      return handedTo(find(destination));
    case 'appliance':
      return handedTo(hop.to);
    case 'site':
      return isWithin(hop.site.spec.prefixes, destination) ? { to: hop } : { lost: 'not-in-site' };
    case 'internet':
      return { to: { kind: isAtServices(lookups, one, { route, destination }) ? 'services' : 'internet' } };
    case 'endpoint':
      return { to: hop };
    case 'nowhere':
    default:
      return { lost: lossOf(route) };
  }
}

/** Public services have a machine of their own, which a longer route of a user leads past. */
function isAtServices(
  lookups: Lookups,
  one: NetworkInterface,
  { route, destination }: { readonly route: EffectiveRoute; readonly destination: string },
): boolean {
  const service = longestWithin(lookups.publicServices(one), destination);
  const around = longestWithin([route.prefix], destination);
  return service !== undefined && around !== undefined && service.length > around.length;
}

function lossOf({ nextHopType }: EffectiveRoute): Loss {
  if (nextHopType === 'VirtualAppliance') return 'no-hop';
  return nextHopType === 'VirtualNetworkGateway' ? 'no-gateway' : 'none';
}

interface Crossing {
  readonly from: Entry;
  readonly to: Towards;
  readonly packet: NetworkPacket;
}

/** A group that is asked about a passage, at which interface, and for which direction. */
export interface AskedJudge {
  readonly judge: Judge;
  readonly one: NetworkInterface;
  readonly direction: Direction;
}

/** One side of a passage; only interfaces have groups. */
type Side =
  | Entry
  | { readonly kind: 'internet' | 'services' | 'endpoint' | 'platform' }
  /** It is lost before anybody has it. */
  | { readonly kind: 'nobody' };

/** Who is asked about new flows from one side to the other, in this order. */
export function judgesBetween({ world }: Lookups, from: Side, to: Side): AskedJudge[] {
  return [...places(from, 'Outbound'), ...places(to, 'Inbound')].flatMap(({ one, direction }) =>
    judgesOf(world, one, direction).map((judge) => ({ judge, one, direction })),
  );
}

/** What is said about a flow from the internet to a load balancer's public address, which an interface is handed. */
export function judgedOnEntering(lookups: Lookups, to: NetworkInterface, packet: NetworkPacket): Judgement[] {
  const end = { kind: 'interface', one: to } as const;
  return verdictsOf(lookups, judgesBetween(lookups, { kind: 'internet' }, end), packet);
}

/** What groups say, up to the first that denies. */
function judged(lookups: Lookups, { from, to, packet }: Crossing): Judgement[] {
  return verdictsOf(lookups, judgesBetween(lookups, from, to), packet);
}

function verdictsOf(lookups: Lookups, asked: readonly AskedJudge[], packet: NetworkPacket): Judgement[] {
  const judgements: Judgement[] = [];
  for (const { judge, one, direction } of asked) {
    const rule = decidingRule(lookups.rules(judge, one, direction), flowOf(packet));
    if (rule === undefined) continue;
    judgements.push({ ...judge, at: one, direction, rule });
    if (rule.access === 'Deny') break;
  }
  return judgements;
}

const places = (
  end: Side,
  direction: Direction,
): { readonly one: NetworkInterface; readonly direction: Direction }[] =>
  end.kind === 'interface' ? [{ one: end.one, direction }] : [];

function flowOf({ source, destination, protocol, port, sourcePort }: NetworkPacket): JudgedFlow {
  const flow = { source, destination, protocol, ...(protocol !== 'ICMP' && { destinationPort: port }) };
  return sourcePort === undefined ? flow : { ...flow, sourcePort };
}
