import { familyOf, type Family } from '../../../lib/address.ts';
import type { BgpBfd, BgpNeighbour, BgpRoute, BgpSpeaker } from '../port.ts';

/** How long BIRD waits after a restart for neighbours before it announces to those that are there, in seconds. */
const recoverySeconds = 10;
/** How long neighbours are asked to keep the routes of a daemon that is gone, in seconds. */
const restartSeconds = 120;
const mostNextHops = 64;

const versions = { IPv4: '4', IPv6: '6' } as const satisfies Record<Family, string>;
const channel = { IPv4: 'ipv4', IPv6: 'ipv6' } as const satisfies Record<Family, string>;

/** Name of a neighbour's protocol; a name alone could be a word of the language. */
export function protocolName(neighbour: Pick<BgpNeighbour, 'name'>): string {
  return `peer_${neighbour.name}`;
}

/**
 * The configuration of BIRD 2 for a speaker that `checkSpeaker` has passed. What is announced to a neighbour is in
 * tables of that neighbour alone, for attributes differ between neighbours; only a speaker that installs has anything
 * to do with the kernel's routes.
 */
export function birdConfig(speaker: BgpSpeaker): string {
  const { routerId, installs, neighbours } = speaker;
  return [
    'log stderr { warning, error, fatal, bug };',
    `router id ${routerId};`,
    `graceful restart wait ${recoverySeconds};`,
    'protocol device { scan time 10; }',
    ...(neighbours.some(({ bfd }) => bfd !== undefined) ? ['protocol bfd { }'] : []),
    ...(installs ? (['IPv4', 'IPv6'] as const).map(kernelProtocol) : []),
    ...neighbours.flatMap((neighbour) => [
      ...(installs ? [] : neighbour.families.map((family) => announced(neighbour, family))),
      bgpProtocol(speaker, neighbour),
    ]),
    '',
  ].join('\n');
}

/** A daemon that crashes leaves its routes in the kernel, and finds them when it is back; one that is ended does not. */
function kernelProtocol(family: Family): string {
  return block(`protocol kernel kernel${versions[family]}`, [
    `${channel[family]} { import none; export where source = RTS_BGP; };`,
    `merge paths yes limit ${mostNextHops};`,
    'graceful restart yes;',
  ]);
}

function tableName(neighbour: BgpNeighbour, family: Family): string {
  return `to_${neighbour.name}_${versions[family]}`;
}

function announced(neighbour: BgpNeighbour, family: Family): string {
  const table = tableName(neighbour, family);
  const routes = neighbour.routes.filter(({ prefix }) => familyOf(prefix) === family).map(routeLine);
  return [
    `${channel[family]} table ${table};`,
    block(`protocol static routes_${table}`, [`${channel[family]} { table ${table}; };`, ...routes]),
  ].join('\n');
}

function routeLine({ prefix, communities, largeCommunities, localPref }: BgpRoute): string {
  const attributes = [
    ...communities.map((community) => `bgp_community.add((${community.replaceAll(':', ',')}));`),
    ...largeCommunities.map((community) => `bgp_large_community.add((${community.replaceAll(':', ',')}));`),
    ...(localPref === undefined ? [] : [`bgp_local_pref = ${localPref};`]),
  ];
  // Whoever sends to it is another daemon's neighbour: this one has no way to the prefix, the node's rules have.
  return `route ${prefix} unreachable${attributes.length > 0 ? ` { ${attributes.join(' ')} }` : ''};`;
}

function bgpProtocol(speaker: BgpSpeaker, neighbour: BgpNeighbour): string {
  const { address, port, source, password, bfd, families } = neighbour;
  const restart = neighbour.gracefulRestart ? 'on' : 'off';
  return block(`protocol bgp ${protocolName(neighbour)}`, [
    `local ${source === undefined ? '' : `${source} `}as ${neighbour.localAsn ?? speaker.asn};`,
    `neighbor ${address} port ${port} ${remoteAsn(neighbour)};`,
    `${reach(speaker, neighbour)};`,
    ...(password === undefined ? [] : [`password "${password}";`]),
    `hold time ${neighbour.holdSeconds}; keepalive time ${Math.max(1, neighbour.keepaliveSeconds)};`,
    `connect delay time 1; connect retry time ${neighbour.connectSeconds}; error wait time 1, ${neighbour.connectSeconds};`,
    `passive ${neighbour.passive ? 'on' : 'off'};`,
    `graceful restart ${restart}; graceful restart time ${restartSeconds};`,
    ...(bfd === undefined ? [] : [bfdOptions(bfd)]),
    ...families.map((family) => bgpChannel(speaker, neighbour, family)),
  ]);
}

/** Internal sessions may have any number of hops; a router has its neighbours on its links. */
function reach({ asn, installs }: BgpSpeaker, neighbour: BgpNeighbour): string {
  const isInternal = neighbour.asn === 'internal' || neighbour.asn === (neighbour.localAsn ?? asn);
  return neighbour.multihop || (isInternal && !installs) ? 'multihop' : 'direct';
}

function remoteAsn({ asn }: BgpNeighbour): string {
  return typeof asn === 'number' ? `as ${asn}` : asn;
}

function bfdOptions({ receiveMs, transmitMs, multiplier, passive }: BgpBfd): string {
  return block('bfd', [
    `min rx interval ${receiveMs} ms; min tx interval ${transmitMs} ms;`,
    `multiplier ${multiplier}; passive ${passive ? 'on' : 'off'};`,
  ]).concat(';');
}

function bgpChannel({ installs }: BgpSpeaker, neighbour: BgpNeighbour, family: Family): string {
  if (installs) return `${channel[family]} { import all; export none; };`;
  const nextHop = neighbour.nextHops[family];
  return block(channel[family], [
    `table ${tableName(neighbour, family)};`,
    'import none;',
    'export all;',
    nextHop === undefined ? 'next hop self;' : `next hop address ${nextHop};`,
  ]).concat(';');
}

function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines.map((line) => line.replaceAll(/^/gm, '  ')).join('\n')}\n}`;
}
