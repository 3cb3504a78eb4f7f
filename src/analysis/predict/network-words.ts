import type { EffectiveRoute } from '../../model/fabric/network/effective-routes.ts';
import type { Journey, JourneyLoss } from '../../model/fabric/network/journey.ts';
import type { Entry, Exit, Judgement, NetworkPacket, Passage } from '../../model/fabric/network/passage.ts';
import type { NetworkInterface } from '../../model/fabric/network/world.ts';

/** A decision of a virtual network, for people. */
export interface Told {
  /** Where it is taken: `network:NAME`. */
  readonly at: string;
  /** What happens, or why nothing does, and what would change that. */
  readonly text: string;
  /** The object that decides, and its rule. */
  readonly object: string;
  readonly rule: string;
  /** Where the rule is written; absent where nobody wrote it: a system's route. */
  readonly where?: {
    readonly stage: 'route' | 'security';
    readonly kind: string;
    readonly key: string;
    readonly path: string;
  };
}

/** `vm:web`, `node:node-1`, `control`. */
export function machineName({ id }: NetworkInterface): string {
  return id.slice(0, id.lastIndexOf('/'));
}

/** The route of a passage that leads somewhere. */
export function routeWords(passage: Passage): Told {
  const { from, route, to } = passage;
  const at = placeOf(from);
  const towards = to === undefined ? '' : destinationWords(to);
  if (route === undefined) return { at, object: at, rule: 'delivery', text: `delivers ${towards}` };
  const { text, ...told } = routeTold(route, networkOf(from));
  return { at, ...told, text: `${text}: ${towards}` };
}

function destinationWords(to: Exit): string {
  switch (to.kind) {
    case 'interface':
      return `to ${machineName(to.one)}`;
    case 'site':
      return `to site:${to.site.metadata.name}`;
    case 'internet':
    case 'services':
      return `to the internet as ${to.seenAs}`;
    case 'endpoint':
      return 'to a public service, from a private address';
    case 'platform':
    default:
      return 'to the network itself';
  }
}

function routeTold(route: EffectiveRoute, network: string): Omit<Told, 'at'> {
  const { prefix, nextHopType, nextHopAddress, table, site } = route;
  const hop = nextHopAddress === undefined ? nextHopType : `${nextHopType} ${nextHopAddress}`;
  if (table !== undefined) {
    const path = `spec.routes[${table.index}]`;
    const where = { stage: 'route', kind: 'RouteTable', key: table.name, path } as const;
    const object = `RouteTable ${table.name}`;
    return { object, rule: path, where, text: `${object}, ${table.route} (${prefix}, ${hop})` };
  }
  if (site !== undefined) {
    const where = { stage: 'route', kind: 'Site', key: site, path: 'spec.prefixes' } as const;
    const object = `Site ${site}`;
    return { object, rule: where.path, where, text: `${object} is behind the gateway (${prefix})` };
  }
  const rule = `system route ${prefix} (${hop})`;
  return { object: `VirtualNetwork ${network}`, rule, text: rule };
}

/** What a security group says about a new flow. */
export function judgementWords({ group, of, at: one, direction, rule }: Judgement): Told {
  const key = group.metadata.name;
  const object = `NetworkSecurityGroup ${key}`;
  const path = rule.index === undefined ? 'spec' : `spec.rules[${rule.index}]`;
  const holder = of === 'interface' ? machineName(one) : `subnet ${one.subnet}`;
  const verb = rule.access === 'Allow' ? 'lets' : 'does not let';
  const way = direction === 'Outbound' ? 'out' : 'in';
  return {
    at: `network:${one.network}`,
    object,
    rule: rule.index === undefined ? `default rule ${rule.name}` : path,
    where: { stage: 'security', kind: 'NetworkSecurityGroup', key, path },
    text: `${object} of ${holder} ${verb} it ${way}: ${rule.name} (${rule.priority})`,
  };
}

/** Why a journey ended, where, and what would let the packet pass there. */
export function lossWords({ passages, end }: Journey, packet: NetworkPacket): Told {
  const last = passages.at(-1);
  if (last === undefined || end.kind !== 'lost') {
    return {
      at: 'network',
      object: 'VirtualNetwork',
      rule: 'delivery',
      text: `nobody has ${packet.destination}`,
    };
  }
  const at = placeOf(last.from);
  const judgement = end.why === 'security-group' ? last.judgements.at(-1) : undefined;
  if (judgement !== undefined) return deniedWords(judgement, packet);
  const { object, rule, where } =
    last.route === undefined
      ? { object: objectOf(last.from), rule: 'delivery', where: undefined }
      : routeTold(last.route, networkOf(last.from));
  const text = lossTexts[end.why]({ passages, last, packet });
  return { at, object, rule, text, ...(where !== undefined && { where }) };
}

/** A rule of the group is told to be made before the one that denies. */
export function deniedWords(
  judgement: Judgement,
  { source, destination, protocol, port }: NetworkPacket,
): Told {
  const told = judgementWords(judgement);
  const { direction, rule } = judgement;
  const flow = `${protocol} from ${source} to ${destination}${protocol === 'ICMP' ? '' : `:${port}`}`;
  const change = `a rule that allows ${direction} ${flow} with a priority below ${Math.min(rule.priority, 4097)} would`;
  return { ...told, text: `${told.text}; ${change}` };
}

interface Lost {
  readonly passages: readonly Passage[];
  readonly last: Passage;
  readonly packet: NetworkPacket;
}

const lossTexts: Readonly<Record<JourneyLoss, (lost: Lost) => string>> = {
  'foreign-source': ({ last, packet }) =>
    `${networkName(last.from)} takes nothing from ${packet.source} at ${sender(last.from)}, which does not have that address; with enableIPForwarding on its interface it would`,
  none: ({ last, packet }) => {
    const own = `${networkName(last.from)} has no route to ${packet.destination}`;
    return last.route?.table === undefined ? own : `${own}: ${routeText(last)}; without that route it may`;
  },
  'no-hop': ({ last }) => `nobody has the next hop: ${routeText(last)}`,
  'not-forwarding': ({ last }) =>
    `the interface at the next hop does not forward: ${routeText(last)}; with enableIPForwarding it would`,
  'no-gateway': ({ last }) => `${networkName(last.from)} has no VPN gateway: ${routeText(last)}`,
  'not-in-site': ({ last, packet }) =>
    `${packet.destination} is not behind the gateway of ${networkName(last.from)}: ${routeText(last)}`,
  nobody: ({ last: { from }, packet }) =>
    from.kind === 'site' && from.site.spec.routing === 'static'
      ? `${sender(from)} knows ${networkName(from)} alone, for its routing is static, and ${packet.destination} is nobody’s there; with bgp it would know who else uses the gateway`
      : `nobody has the address ${packet.destination}`,
  'nobody-there': ({ packet }) => `nobody has the address ${packet.destination}`,
  'strange-answer': ({ last: { to } }) =>
    `${to?.kind === 'interface' ? machineName(to.one) : 'an appliance'} puts its own address in (NAT), and has not seen what this answers`,
  'security-group': () => 'a security group denies it',
  'not-shared': ({ last, packet }) =>
    `${sender(last.from)} sends on what is from ${packet.source}, and only its own addresses are given a public one; it has to put its own in (NAT)`,
  'no-share': ({ last }) =>
    `${networkName(last.from)} has no public address left for ${sender(last.from)}; with more outbound.publicAddresses it would`,
  circle: ({ passages, packet }) =>
    `packets for ${packet.destination} go round: ${passages.map(({ to }) => (to?.kind === 'interface' ? machineName(to.one) : '')).join(', ')}`,
};

function routeText({ route, from }: Passage): string {
  return route === undefined ? 'delivery' : routeTold(route, networkOf(from)).text;
}

function networkOf(from: Entry): string {
  return from.kind === 'interface' ? from.one.network : from.site.spec.gateway.network;
}

const networkName = (from: Entry): string => `network ${networkOf(from)}`;
const placeOf = (from: Entry): string => `network:${networkOf(from)}`;
const objectOf = (from: Entry): string => `VirtualNetwork ${networkOf(from)}`;

function sender(from: Entry): string {
  return from.kind === 'interface' ? machineName(from.one) : `site:${from.site.metadata.name}`;
}
