import { familyOf, type Family } from '../../../lib/address.ts';
import type { BgpNeighbour, BgpRoute, BgpSpeaker } from '../port.ts';

/** Lines of a configuration below the line that they belong to: below `''` those that belong to none. */
export type FrrConfig = ReadonlyMap<string, readonly string[]>;

/** Stands between the lines that lead to a section: `router bgp 1`, then `address-family ipv4 unicast`. */
export const below = '\n';

/** How long neighbours are asked to keep routes, in seconds. */
const restartSeconds = 120;
const mostNextHops = 64;
/** How long changes of attributes are gathered, in seconds; 0 would put them off for good. */
const mapDelaySeconds = 1;
/** A route map that lets nothing pass. */
const nothing = 'nothing';

const words = {
  IPv4: { family: 'ipv4', list: 'ip', nextHop: 'ip next-hop' },
  IPv6: { family: 'ipv6', list: 'ipv6', nextHop: 'ipv6 next-hop global' },
} as const satisfies Record<Family, unknown>;
const families = ['IPv4', 'IPv6'] as const;

/** The configuration of bgpd for a speaker that `checkSpeaker` has passed. */
export function bgpdConfig(speaker: BgpSpeaker): FrrConfig {
  const router = `router bgp ${speaker.asn}`;
  const config = new Map<string, readonly string[]>([
    [router, routerLines(speaker)],
    ...families.map((family) => familySection(speaker, router, family)),
    [
      '',
      [
        `bgp route-map delay-timer ${mapDelaySeconds}`,
        ...(speaker.installs ? [] : speaker.neighbours.flatMap(prefixLists)),
      ],
    ],
    [`route-map ${nothing} deny 1`, []],
  ]);
  if (speaker.installs) return config;
  for (const section of speaker.neighbours.flatMap(routeMaps)) config.set(...section);
  return config;
}

/** The configuration of bfdd: a profile for each neighbour that has one. */
export function bfddConfig({ neighbours }: BgpSpeaker): FrrConfig {
  const config = new Map<string, readonly string[]>([['bfd', []]]);
  for (const { name, bfd } of neighbours) {
    if (bfd === undefined) continue;
    config.set(`bfd${below}profile ${name}`, [
      `detect-multiplier ${bfd.multiplier}`,
      `receive-interval ${bfd.receiveMs}`,
      `transmit-interval ${bfd.transmitMs}`,
      ...(bfd.passive ? ['passive-mode'] : []),
    ]);
  }
  return config;
}

/** The text of a configuration, as a daemon reads it when it starts. */
export function frrText(config: FrrConfig): string {
  const lines: string[] = [];
  for (const [section, own] of config) {
    const path = section === '' ? [] : section.split(below);
    lines.push(...[...path, ...own].map((line, depth) => ' '.repeat(Math.min(depth, path.length)) + line));
    lines.push(...path.slice(1).map(() => ' exit'), ...(path.length > 0 ? ['exit'] : []));
  }
  return `${lines.join('\n')}\n`;
}

function routerLines({ routerId, asn, installs, neighbours }: BgpSpeaker): string[] {
  return [
    `bgp router-id ${routerId}`,
    'no bgp ebgp-requires-policy',
    'no bgp default ipv4-unicast',
    // What is announced is no route of this machine's kernel.
    'no bgp network import-check',
    // While it gathers what a new session is told (1 s), FRR 8.4 loses withdrawals.
    'coalesce-time 0',
    'bgp graceful-restart',
    'bgp graceful-restart preserve-fw-state',
    // A neighbour that is silent for the hold time is gone, and not about to come back (RFC 8538 would wait for it).
    'no bgp graceful-restart notification',
    `bgp graceful-restart restart-time ${restartSeconds}`,
    `bgp graceful-restart stalepath-time ${restartSeconds}`,
    // What is announced depends on no neighbour, and waits for none.
    'bgp graceful-restart select-defer-time 0',
    ...(installs ? ['bgp bestpath as-path multipath-relax'] : []),
    ...neighbours.flatMap((neighbour) => neighbourLines(neighbour, asn)),
  ];
}

function neighbourLines(neighbour: BgpNeighbour, asn: number): string[] {
  const { localAsn, source, password, holdSeconds, keepaliveSeconds, bfd } = neighbour;
  const line = (text: string): string => `neighbor ${neighbour.address} ${text}`;
  return [
    line(`remote-as ${neighbour.asn}`),
    line(`port ${neighbour.port}`),
    line(`timers ${keepaliveSeconds} ${holdSeconds}`),
    line(`timers connect ${neighbour.connectSeconds}`),
    ...(localAsn === undefined || localAsn === asn
      ? []
      : [line(`local-as ${localAsn} no-prepend replace-as`)]),
    ...(source === undefined ? [] : [line(`update-source ${source}`)]),
    ...(password === undefined ? [] : [line(`password ${password}`)]),
    ...(neighbour.multihop ? [line('ebgp-multihop')] : []),
    ...(neighbour.passive ? [line('passive')] : []),
    ...(neighbour.gracefulRestart ? [] : [line('graceful-restart-disable')]),
    ...(bfd === undefined ? [] : [line('bfd'), line(`bfd profile ${neighbour.name}`)]),
  ];
}

function familySection(
  { installs, neighbours }: BgpSpeaker,
  router: string,
  family: Family,
): [string, readonly string[]] {
  const known = neighbours.filter(({ families: spoken }) => spoken.includes(family));
  const prefixes = new Set(
    known.flatMap((neighbour) => routesIn(neighbour, family).map(({ prefix }) => prefix)),
  );
  const section = `${router}${below}address-family ${words[family].family} unicast`;
  const lines = known.flatMap((neighbour) => {
    const line = (text: string): string => `neighbor ${neighbour.address} ${text}`;
    const learned = installs ? [] : [line(`route-map ${nothing} in`)];
    const told = installs ? nothing : mapName(neighbour, family);
    return [line('activate'), ...learned, line(`route-map ${told} out`)];
  });
  if (!installs) return [section, [...lines, ...[...prefixes].map((prefix) => `network ${prefix}`)]];
  return [section, [...lines, `maximum-paths ${mostNextHops}`, `maximum-paths ibgp ${mostNextHops}`]];
}

function routesIn({ routes }: BgpNeighbour, family: Family): BgpRoute[] {
  return routes.filter(({ prefix }) => familyOf(prefix) === family);
}

function mapName({ name }: BgpNeighbour, family: Family): string {
  return `to_${name}_${words[family].family}`;
}

/** What a neighbour is told of routes beside their prefixes, with those that it is told of. */
interface Attributes {
  readonly lines: readonly string[];
  readonly prefixes: readonly string[];
}

function attributesIn(neighbour: BgpNeighbour, family: Family): Attributes[] {
  const groups = new Map<string, { lines: readonly string[]; prefixes: string[] }>();
  for (const route of routesIn(neighbour, family)) {
    const lines = setLines(route);
    const group = groups.get(lines.join()) ?? { lines, prefixes: [] };
    group.prefixes.push(route.prefix);
    groups.set(lines.join(), group);
  }
  return [...groups.keys()].toSorted().flatMap((key) => groups.get(key) ?? []);
}

function setLines({ communities, largeCommunities, localPref }: BgpRoute): string[] {
  return [
    ...(communities.length === 0 ? [] : [`set community ${communities.join(' ')}`]),
    ...(largeCommunities.length === 0 ? [] : [`set large-community ${largeCommunities.join(' ')}`]),
    ...(localPref === undefined ? [] : [`set local-preference ${localPref}`]),
  ];
}

function prefixLists(neighbour: BgpNeighbour): string[] {
  return neighbour.families.flatMap((family) =>
    attributesIn(neighbour, family).flatMap(({ prefixes }, index) =>
      prefixes.map(
        (prefix) =>
          `${words[family].list} prefix-list ${listName(neighbour, family, index)} permit ${prefix}`,
      ),
    ),
  );
}

function listName(neighbour: BgpNeighbour, family: Family, index: number): string {
  return `${mapName(neighbour, family)}_${index}`;
}

/** A step for each set of attributes. The last one lets nothing more pass; a map that has no step lets all. */
function routeMaps(neighbour: BgpNeighbour): [string, readonly string[]][] {
  return neighbour.families.flatMap((family) => {
    const { list, nextHop } = words[family];
    const address = neighbour.nextHops[family];
    const map = mapName(neighbour, family);
    const steps = attributesIn(neighbour, family).map(({ lines }, index): [string, readonly string[]] => [
      `route-map ${map} permit ${index + 1}`,
      [
        `match ${list} address prefix-list ${listName(neighbour, family, index)}`,
        ...lines,
        ...(address === undefined ? [] : [`set ${nextHop} ${address}`]),
      ],
    ]);
    return [...steps, [`route-map ${map} deny 65535`, []]];
  });
}
