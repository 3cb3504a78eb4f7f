import type { Family } from '../lib/address.ts';
import { WeftError } from '../lib/errors.ts';
import type { Cluster } from '../model/cluster.ts';
import { familiesOfNetwork } from '../model/network/config.ts';

/** What `--ip-family` of a lab may be; the first family is the primary one. */
const familyWords: Readonly<Record<string, readonly [Family, ...Family[]]>> = {
  ipv4: ['IPv4'],
  ipv6: ['IPv6'],
  dual: ['IPv4', 'IPv6'],
};

/** The families that a lab is to have. Throws `ip-family-invalid`. */
export function familiesCalled(word: string): readonly [Family, ...Family[]] {
  const families = familyWords[word];
  if (families !== undefined) return families;
  throw invalid(`--ip-family must be ipv4, ipv6 or dual, not ${word}`);
}

/** The one family that a question is about; undefined without the option. Throws `ip-family-invalid`. */
export function familyAsked(word: string | undefined): Family | undefined {
  if (word === undefined) return undefined;
  const [family, ...others] = familyWords[word] ?? [];
  if (family !== undefined && others.length === 0) return family;
  throw invalid(`--ip-family must be ipv4 or ipv6, not ${word}`);
}

/** The same, of this cluster: throws `ip-family-invalid` also where it does not speak it. */
export function familyIn({ config }: Cluster, word: string | undefined): Family | undefined {
  const family = familyAsked(word);
  if (family === undefined || familiesOfNetwork(config).includes(family)) return family;
  throw invalid(`the cluster has no ${family} addresses`);
}

function invalid(message: string): WeftError {
  return new WeftError('ip-family-invalid', message, { fault: 'input' });
}
