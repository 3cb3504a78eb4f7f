import { formatAddress, parseAddress } from '../../lib/address.ts';
import {
  contains,
  parsePrefix,
  parseRange,
  rangeOf,
  type AddressRange,
  type Prefix,
} from '../../lib/prefix.ts';
import type { AddressDemand } from '../fabric/layer2/demands.ts';
import type { AddressDomain } from '../fabric/layer2/domains.ts';
import { objectsIn, textIn, type Fields } from './config.ts';

/** What addresses an interface is to have, and where its routes lead. */
export interface AddressPlanOfPod {
  readonly wants: readonly AddressDemand['want'][];
  /** The segment's, with the prefix and gateway that the configuration gives them. */
  readonly domain: AddressDomain;
  readonly routes: readonly { readonly destination: string; readonly via: string | undefined }[];
}

/**
 * The addresses that a configuration's `ipam` gives on a domain; those that the pod asks for come instead. Types:
 * `host-local` (a range, given once in the whole cluster), `static`, `dhcp` (the segment's range), `weft` (a pool of the
 * segment, by name), and none at all. A text is what is wrong with it.
 */
export function addressPlan(
  domain: AddressDomain,
  ipam: Fields,
  ips: readonly string[],
): AddressPlanOfPod | string {
  const base = planOf(domain, ipam);
  if (typeof base === 'string') return base;
  const plan = { ...base, routes: routesOf(ipam, base.domain.gateway) };
  if (ips.length === 0) return plan;
  const wants = fixed(ips);
  if (typeof wants === 'string') return wants;
  const prefix = plan.domain.prefix ?? parsePrefix(ips[0] ?? '');
  return { ...plan, wants, domain: { ...plan.domain, prefix } };
}

type Base = Pick<AddressPlanOfPod, 'wants' | 'domain'>;

function planOf(domain: AddressDomain, ipam: Fields): Base | string {
  const type = textIn(ipam, 'type');
  if (type === undefined) return { wants: [], domain };
  const plans: Readonly<Record<string, (() => Base | string) | undefined>> = {
    'host-local': () => hostLocal(domain, ipam),
    static: () => staticPlan(domain, ipam),
    dhcp: () =>
      domain.dhcp === undefined
        ? `${domain.key} has no DHCP range`
        : { wants: [{ range: domain.dhcp, of: 'DHCP range' }], domain },
    weft: () => pooled(domain, textIn(ipam, 'pool') ?? ''),
  };
  const plan = Object.hasOwn(plans, type) ? plans[type] : undefined;
  return plan?.() ?? `ipam of type "${type.slice(0, 40)}" is not known: use host-local, static, dhcp or weft`;
}

function pooled(domain: AddressDomain, name: string): Base | string {
  const range = domain.pools.get(name);
  if (range === undefined) return `${domain.key} has no pool "${name.slice(0, 40)}"`;
  return { wants: [{ range, of: `pool ${name}` }], domain };
}

/** One address of each set of ranges; of a set with several, the first is used. */
function hostLocal(domain: AddressDomain, ipam: Fields): Base | string {
  const sets = Array.isArray(ipam['ranges'])
    ? (ipam['ranges'] as unknown[]).map((set) => objectsIn({ set }, 'set')[0] ?? {})
    : [ipam];
  const ranges = sets.map(rangeOfSet);
  const wrong = ranges.find((one) => typeof one === 'string');
  if (typeof wrong === 'string') return wrong;
  const found = ranges.filter((one) => typeof one !== 'string');
  const [first] = found;
  if (first === undefined) return 'host-local has no range';
  return {
    wants: found.map(({ range }) => ({ range, of: 'range' })),
    domain: { ...domain, prefix: first.subnet, gateway: first.gateway ?? domain.gateway },
  };
}

interface LocalRange {
  readonly subnet: Prefix;
  readonly range: AddressRange;
  readonly gateway: string | undefined;
}

function rangeOfSet(set: Fields): LocalRange | string {
  const subnet = parsePrefix(textIn(set, 'subnet') ?? '');
  if (subnet === undefined) return 'a range of host-local has no subnet';
  const whole = rangeOf(subnet);
  const [start, end] = [textIn(set, 'rangeStart'), textIn(set, 'rangeEnd')];
  const range = parseRange(`${start ?? formatAddress(whole.first)}-${end ?? formatAddress(whole.last)}`);
  if (range === undefined || !contains(subnet, range.first) || !contains(subnet, range.last)) {
    return `${start ?? ''}-${end ?? ''} is no range of ${textIn(set, 'subnet')}`;
  }
  return { subnet, range, gateway: textIn(set, 'gateway') };
}

function staticPlan(domain: AddressDomain, ipam: Fields): Base | string {
  const entries = objectsIn(ipam, 'addresses');
  const texts = entries.map((entry) => textIn(entry, 'address') ?? '');
  const wants = fixed(texts);
  if (typeof wants === 'string') return wants;
  const gateway = entries.map((entry) => textIn(entry, 'gateway')).find(Boolean) ?? domain.gateway;
  return { wants, domain: { ...domain, prefix: parsePrefix(texts[0] ?? '') ?? domain.prefix, gateway } };
}

function fixed(texts: readonly string[]): AddressDemand['want'][] | string {
  const wants: AddressDemand['want'][] = [];
  for (const text of texts) {
    const address = parseAddress(text.split('/')[0] ?? '');
    if (address === undefined) return `"${text.slice(0, 60)}" is not an address`;
    wants.push({ address: formatAddress(address) });
  }
  return wants;
}

function routesOf(ipam: Fields, gateway: string | undefined): AddressPlanOfPod['routes'] {
  return objectsIn(ipam, 'routes').flatMap((route) => {
    const destination = textIn(route, 'dst');
    if (destination === undefined || parsePrefix(destination) === undefined) return [];
    return [{ destination, via: textIn(route, 'gw') ?? gateway }];
  });
}
