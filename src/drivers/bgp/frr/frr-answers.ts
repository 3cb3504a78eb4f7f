import { WeftError } from '../../../lib/errors.ts';
import type { BgpNeighbour, BgpSession, LearnedRoute } from '../port.ts';

/** An answer ends with three zero octets and its code, 0 for success: lib/vty of FRR, as its own shell reads it. */
export function isAnswered(heard: string): boolean {
  return /\0\0\0[^]$/.test(heard);
}

/** CMD_SUCCESS, and CMD_WARNING, with which daemons say what they also did. */
const successes = ['\0', '\u0001'];

/** The text of an answer. Throws `bgp-refused` when the daemon did not do what it was told. */
export function frrAnswer(command: string, heard: string): string {
  const text = heard.slice(0, -4);
  if (successes.includes(heard.at(-1) ?? '')) return text;
  // The command may have a password in it.
  const what = command.split(' ').slice(0, 3).join(' ');
  const message = `FRR refused "${what} …": ${text.trim()}`;
  throw new WeftError('bgp-refused', message.replace(command, what), { fault: 'environment' });
}

/** FRR tells these by their names (IANA, BGP well-known communities). */
const wellKnown: Readonly<Record<string, string>> = {
  'graceful-shutdown': '65535:0',
  'accept-own': '65535:1',
  'llgr-stale': '65535:6',
  'no-llgr': '65535:7',
  blackhole: '65535:666',
  'no-export': '65535:65281',
  'no-advertise': '65535:65282',
  'local-AS': '65535:65283',
  'no-peer': '65535:65284',
};

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fieldOf(value: unknown, ...path: string[]): unknown {
  let found = value;
  for (const name of path) found = isJson(found) ? found[name] : undefined;
  return found;
}

/** From `show bgp neighbors json`. */
export function frrSessions(text: string, neighbours: readonly BgpNeighbour[]): BgpSession[] {
  const told: unknown = JSON.parse(text);
  return neighbours.map(({ name, address }) => {
    const state = fieldOf(told, address, 'bgpState');
    if (state === 'Established') return { name, isEstablished: true };
    const last = fieldOf(told, address, 'lastResetDueTo');
    const why = typeof state !== 'string' ? 'not started' : state;
    return { name, isEstablished: false, why: typeof last === 'string' ? `${why}: ${last}` : why };
  });
}

/** Prefixes, from `show bgp FAMILY unicast json`. */
export function frrPrefixes(text: string): string[] {
  const routes = fieldOf(JSON.parse(text), 'routes');
  return isJson(routes) ? Object.keys(routes) : [];
}

/** The paths of a prefix, from `show bgp FAMILY unicast PREFIX json`. */
export function frrPaths(text: string): LearnedRoute[] {
  const told: unknown = JSON.parse(text);
  const [prefix, paths] = [fieldOf(told, 'prefix'), fieldOf(told, 'paths')];
  if (typeof prefix !== 'string' || !Array.isArray(paths)) return [];
  return (paths as readonly unknown[]).flatMap((path) => {
    const from = fieldOf(path, 'peer', 'peerId');
    const localPref = fieldOf(path, 'locPrf');
    if (typeof from !== 'string') return [];
    return [
      {
        prefix,
        from,
        asPath: textsOf(fieldOf(path, 'aspath', 'string')).map(Number),
        communities: textsOf(fieldOf(path, 'community', 'string')).map((name) => wellKnown[name] ?? name),
        largeCommunities: textsOf(fieldOf(path, 'largeCommunity', 'string')),
        ...(typeof localPref === 'number' && { localPref }),
      },
    ];
  });
}

function textsOf(value: unknown): string[] {
  return typeof value === 'string' ? value.split(' ').filter((word) => word !== '' && word !== 'Local') : [];
}
