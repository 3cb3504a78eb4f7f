import { formatAddress, parseAddress, type Address, type Family } from '../../lib/address.ts';
import { labAddressesOf } from '../network/lab-addresses.ts';
import { addressType, isWithin } from './names.ts';
import {
  createZoneNamesBuilder,
  type RecordSets,
  type ZoneAnswer,
  type ZoneQuestion,
  type ZoneRecordData,
} from './records.ts';
import { resolve } from './resolve.ts';

/** The names that a lab's internet has: those that RFC 2606 keeps for examples. */
export const internetZones = ['example.com', 'example.net', 'example.org'] as const;

/** Seconds, also for names that do not exist. */
const ttl = 60;
/** More than a datagram takes: an answer to ask for again over TCP. */
const largeText = { texts: 10, letters: 200 } as const;
const ttlLabel = /^ttl-(\d{1,5})$/;

/**
 * What the internet of a lab says to a question. In each of its zones,
 *
 *     example.com, www.example.com, api.example.com    are the machine that stands for the internet
 *     alias.example.com                                is an alias of www.example.net
 *     large.example.com                                has a TXT record that no datagram takes
 *     198-51-100-7.example.com                         is the address that it says, IPv6 too (2001-db8--1)
 *     ttl-5.198-51-100-7.example.com                   the same, for as many seconds
 *
 * and any other name, there or elsewhere, does not exist.
 */
export function internetAnswer(question: ZoneQuestion, families: readonly Family[]): ZoneAnswer {
  const name = question.name.toLowerCase();
  const zone = internetZones.find((one) => isWithin(name, one));
  const lifetime = Number(ttlLabel.exec(name.split('.')[0] ?? '')?.[1] ?? ttl);
  const { beyond, ...answer } = resolve(
    { zone: zone ?? internetZones[0], ttl: lifetime, get: (one) => recordsAt(one, families) },
    question,
  );
  void beyond;
  return answer;
}

/** Records at a name in lower case; undefined where there is no such name. */
function recordsAt(name: string, families: readonly Family[]): RecordSets | undefined {
  const zone = internetZones.find((one) => isWithin(name, one));
  if (zone === undefined) return undefined;
  const builder = createZoneNamesBuilder();
  const first = name === zone ? '' : name.slice(0, -zone.length - 1);
  for (const address of addressesOf(first, families)) {
    builder.add(name, { type: addressType(address), address: formatAddress(address) });
  }
  if (first === 'alias') builder.add(name, { type: 'CNAME', target: 'www.example.net' });
  if (first === 'large')
    builder.add(name, {
      type: 'TXT',
      texts: Array.from({ length: largeText.texts }, () => 'x'.repeat(largeText.letters)),
    });
  if (first === '') builder.add(name, startOfAuthority(zone));
  return builder.names.get(name);
}

function addressesOf(first: string, families: readonly Family[]): Address[] {
  const isMachine = ['', 'www', 'api'].includes(first);
  const texts = isMachine ? families.map((family) => labAddressesOf[family].internet) : spelledOut(first);
  return texts.flatMap((text) => parseAddress(text) ?? []);
}

/** `198-51-100-7` or `2001-db8--1`, behind a lifetime or not, as addresses are written; what is none does not parse. */
function spelledOut(first: string): string[] {
  const labels = first.split('.');
  const [address = '', ...rest] = ttlLabel.test(labels[0] ?? '') ? labels.slice(1) : labels;
  if (rest.length > 0) return [];
  return [address.replaceAll('-', '.'), address.replaceAll('-', ':')];
}

function startOfAuthority(zone: string): Extract<ZoneRecordData, { type: 'SOA' }> {
  return {
    type: 'SOA',
    primary: `ns.${zone}`,
    mailbox: `hostmaster.${zone}`,
    serial: 1,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: ttl,
  };
}
