import { addressBytes, bitsOf, formatAddress, parseAddress } from '../../../lib/address.ts';
import { CelError } from '../error.ts';
import { overload, readsFirst, type Overload } from '../overload.ts';
import { CidrValue, CelMap, IpValue, Url, type Value } from '../values/value.ts';

/** Addresses of IPv4 inside of IPv6 are refused, and zones, as Go's netip has them in Kubernetes' library. */
function parseIp(text: string): IpValue | undefined {
  const address = parseAddress(text);
  if (address === undefined || (address.family === 'IPv6' && text.includes('.'))) return undefined;
  return new IpValue(address.family, address.value);
}

function ipFrom(text: string): IpValue {
  const ip = parseIp(text);
  if (ip === undefined)
    throw new CelError(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
  return ip;
}

function parseCidr(text: string): CidrValue | undefined {
  const [match, address = '', length = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const ip = match === undefined ? undefined : parseIp(address);
  if (ip === undefined || Number(length) > bitsOf(ip.family)) return undefined;
  return new CidrValue(ip, Number(length));
}

function cidrFrom(text: string): CidrValue {
  const cidr = parseCidr(text);
  if (cidr === undefined)
    throw new CelError(`network address parse error during conversion from string: ${JSON.stringify(text)}`);
  return cidr;
}

const textOf = (ip: IpValue): string => formatAddress(ip);
const cidrText = ({ ip, length }: CidrValue): string => `${textOf(ip)}/${length}`;

/** The prefix of an address: what is above its host bits. */
function networkOf({ family, value }: IpValue, length: number): bigint {
  const host = BigInt(bitsOf(family) - length);
  return (value >> host) << host;
}

function holdsIp(cidr: CidrValue, ip: IpValue): boolean {
  return ip.family === cidr.ip.family && networkOf(ip, cidr.length) === networkOf(cidr.ip, cidr.length);
}

function holdsCidr(cidr: CidrValue, other: CidrValue): boolean {
  return other.length >= cidr.length && holdsIp(cidr, other.ip);
}

const startsWith = (ip: IpValue, prefix: string): boolean => {
  const cidr = cidrFrom(prefix);
  return holdsIp(cidr, ip);
};

const isLinkLocalUnicast = (ip: IpValue): boolean =>
  startsWith(ip, ip.family === 'IPv4' ? '169.254.0.0/16' : 'fe80::/10');
const isLoopback = (ip: IpValue): boolean => startsWith(ip, ip.family === 'IPv4' ? '127.0.0.0/8' : '::1/128');
const isMulticast = (ip: IpValue): boolean =>
  startsWith(ip, ip.family === 'IPv4' ? '224.0.0.0/4' : 'ff00::/8');
const isLinkLocalMulticast = (ip: IpValue): boolean => {
  if (ip.family === 'IPv4') return startsWith(ip, '224.0.0.0/24');
  const bytes = addressBytes(ip);
  return bytes[0] === 0xff && ((bytes[1] ?? 0) & 0x0f) === 2;
};
const isUnspecified = ({ value }: IpValue): boolean => value === 0n;
const isBroadcast = ({ family, value }: IpValue): boolean => family === 'IPv4' && value === 2n ** 32n - 1n;
const isGlobalUnicast = (ip: IpValue): boolean =>
  !isUnspecified(ip) && !isBroadcast(ip) && !isLoopback(ip) && !isMulticast(ip) && !isLinkLocalUnicast(ip);

function urlFrom(text: string): Url {
  const url = parseUrl(text);
  if (url === undefined)
    throw new CelError(`URL parse error during conversion from string: ${JSON.stringify(text)}`);
  return url;
}

/** An absolute URI, or an absolute path, as Go's `ParseRequestURI` takes them. */
function parseUrl(text: string): Url | undefined {
  if (/[\s\p{Cc}]/u.test(text)) return undefined;
  const isPath = text.startsWith('/');
  if (!isPath && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) return undefined;
  try {
    return new Url(text, new URL(isPath ? `http://host${text}` : text), isPath);
  } catch {
    return undefined;
  }
}

/** Host and port as they were written: the parser drops a scheme's own port. */
function authorityOf({ text, isPath }: Url): string {
  const [, authority = ''] = isPath ? [] : (/^[^:]+:\/\/([^/?#]*)/.exec(text) ?? []);
  return authority.replace(/^.*@/, '');
}

function queryOf({ url }: Url): Value {
  const found = new Map<string, string[]>();
  for (const [key, value] of url.searchParams) found.set(key, [...(found.get(key) ?? []), value]);
  return new CelMap(found);
}

function escapedPath({ text, isPath }: Url): string {
  const rest = isPath ? text : text.replace(/^[^:]+:(\/\/[^/?#]*)?/, '');
  return rest.replace(/[?#].*$/s, '');
}

/** Kubernetes' url, ip and cidr libraries. */
export const network: readonly Overload[] = [
  overload('ip(string) -> ip', ipFrom, { cost: readsFirst }),
  overload('isIP(string) -> bool', (text: string) => parseIp(text) !== undefined, { cost: readsFirst }),
  overload('@ip.isCanonical(string) -> bool', (text: string) => textOf(ipFrom(text)) === text, {
    cost: readsFirst,
  }),
  overload('string(ip) -> string', textOf, { size: () => 39 }),
  overload('ip.family() -> int', ({ family }: IpValue) => (family === 'IPv4' ? 4n : 6n)),
  overload('ip.isUnspecified() -> bool', isUnspecified),
  overload('ip.isLoopback() -> bool', isLoopback),
  overload('ip.isLinkLocalMulticast() -> bool', isLinkLocalMulticast),
  overload('ip.isLinkLocalUnicast() -> bool', isLinkLocalUnicast),
  overload('ip.isGlobalUnicast() -> bool', isGlobalUnicast),
  overload('cidr(string) -> cidr', cidrFrom, { cost: readsFirst }),
  overload('isCIDR(string) -> bool', (text: string) => parseCidr(text) !== undefined, { cost: readsFirst }),
  overload('string(cidr) -> string', cidrText, { size: () => 43 }),
  overload('cidr.containsIP(ip) -> bool', holdsIp),
  overload('cidr.containsIP(string) -> bool', (cidr: CidrValue, text: string) => holdsIp(cidr, ipFrom(text))),
  overload('cidr.containsCIDR(cidr) -> bool', holdsCidr),
  overload('cidr.containsCIDR(string) -> bool', (cidr: CidrValue, text: string) =>
    holdsCidr(cidr, cidrFrom(text)),
  ),
  overload('cidr.ip() -> ip', ({ ip }: CidrValue) => ip),
  overload(
    'cidr.masked() -> cidr',
    ({ ip, length }: CidrValue) => new CidrValue(new IpValue(ip.family, networkOf(ip, length)), length),
  ),
  overload('cidr.prefixLength() -> int', ({ length }: CidrValue) => BigInt(length)),
  overload('url(string) -> url', urlFrom, { cost: readsFirst }),
  overload('isURL(string) -> bool', (text: string) => parseUrl(text) !== undefined, { cost: readsFirst }),
  overload('url.getScheme() -> string', ({ url, isPath }: Url) => (isPath ? '' : url.protocol.slice(0, -1))),
  overload('url.getHost() -> string', authorityOf),
  overload('url.getHostname() -> string', (url: Url) =>
    authorityOf(url).replace(/:\d*$/, '').replaceAll(/[[\]]/g, ''),
  ),
  overload('url.getPort() -> string', (url: Url) => /:(\d*)$/.exec(authorityOf(url))?.[1] ?? ''),
  overload('url.getEscapedPath() -> string', escapedPath),
  overload('url.getQuery() -> map<string, list<string>>', queryOf),
];
