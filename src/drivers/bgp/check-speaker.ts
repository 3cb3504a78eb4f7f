import { parseAddress } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { formatPrefix, parsePrefix } from '../../lib/prefix.ts';
import type { BgpNeighbour, BgpRoute, BgpSpeaker } from './port.ts';

const largest = { asn: 4_294_967_295, port: 65_535, seconds: 65_535, community: 65_535 } as const;

/**
 * Throws `bgp-invalid` unless every value is one that may stand in a daemon's configuration: it is text in which a line
 * end or a quote would begin something else.
 */
export function checkSpeaker(speaker: BgpSpeaker): void {
  checkRouterId(speaker.routerId);
  checkNumber('AS number', speaker.asn, largest.asn);
  const names = new Set<string>();
  for (const neighbour of speaker.neighbours) {
    checkNeighbour(neighbour);
    if (names.has(neighbour.name)) throw invalid('name', neighbour.name, 'unique');
    names.add(neighbour.name);
  }
}

function checkNeighbour(neighbour: BgpNeighbour): void {
  const { name, address, source, password, asn, localAsn } = neighbour;
  if (!/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name)) throw invalid('name', name, 'letters, digits and _');
  for (const one of [address, source, ...Object.values(neighbour.nextHops)]) {
    if (one !== undefined) checkAddress(one);
  }
  if (typeof asn === 'number') checkNumber('AS number', asn, largest.asn);
  if (localAsn !== undefined) checkNumber('AS number', localAsn, largest.asn);
  checkNumber('port', neighbour.port, largest.port);
  checkTimes(neighbour);
  if (password !== undefined) checkPassword(password);
  for (const route of neighbour.routes) checkRoute(route);
}

function checkTimes({ holdSeconds, keepaliveSeconds, connectSeconds, bfd }: BgpNeighbour): void {
  for (const seconds of [holdSeconds, keepaliveSeconds]) {
    checkNumber('number of seconds', seconds, largest.seconds, 0);
  }
  if (holdSeconds > 0 && holdSeconds < 3) throw invalid('hold time', String(holdSeconds), '0, or 3 and more');
  checkNumber('number of seconds', connectSeconds, largest.seconds);
  if (bfd === undefined) return;
  checkNumber('number of milliseconds', bfd.receiveMs, 60_000, 10);
  checkNumber('number of milliseconds', bfd.transmitMs, 60_000, 10);
  checkNumber('multiplier', bfd.multiplier, 255, 2);
}

/** The value is a secret, and not repeated. */
function checkPassword(password: string): void {
  if (/^[!#-~]{1,80}$/.test(password)) return;
  throw new WeftError(
    'bgp-invalid',
    'a password of a BGP session has 1 to 80 printable ASCII characters other than space and "',
    { fault: 'input' },
  );
}

function checkRoute({ prefix, communities, largeCommunities, localPref }: BgpRoute): void {
  const parsed = parsePrefix(prefix);
  if (parsed === undefined || formatPrefix(parsed) !== prefix) throw invalid('prefix', prefix, 'a network');
  for (const community of communities) checkParts(community, 2, largest.community);
  for (const community of largeCommunities) checkParts(community, 3, largest.asn);
  if (localPref !== undefined) checkNumber('local preference', localPref, largest.asn, 0);
}

function checkParts(community: string, count: number, most: number): void {
  const parts = community.split(':');
  if (parts.length !== count) throw invalid('community', community, `${count} numbers`);
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,9})$/.test(part)) throw invalid('community', community, `${count} numbers`);
    checkNumber('community', Number(part), most, 0);
  }
}

function checkRouterId(text: string): void {
  if (parseAddress(text)?.family !== 'IPv4') throw invalid('router ID', text, 'an IPv4 address');
}

function checkAddress(text: string): void {
  if (parseAddress(text) === undefined) throw invalid('address', text, 'an IP address');
}

function checkNumber(what: string, value: number, most: number, least = 1): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw invalid(what, String(value), `a whole number from ${least} to ${most}`);
}

function invalid(what: string, value: string, wanted: string): WeftError {
  const message = `${JSON.stringify(value)} cannot be the ${what} of a BGP session: it must be ${wanted}`;
  return new WeftError('bgp-invalid', message, { fault: 'input' });
}
