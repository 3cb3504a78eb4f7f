import { Semver } from './value.ts';

const syntax = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;

/** A version of semver.org 2.0; undefined where the text is none. */
export function parseSemver(text: string): Semver | undefined {
  const match = text.length > longest ? null : syntax.exec(text);
  if (match === null) return undefined;
  const [prerelease, build] = match.slice(4).map(partsOf);
  if (prerelease === undefined || build === undefined || prerelease.some(hasLeadingZero)) return undefined;
  const [major = 0n, minor = 0n, patch = 0n] = match.slice(1, 4).map(BigInt);
  return new Semver([major, minor, patch], prerelease);
}

/** Between dots; undefined where one is empty. */
function partsOf(text: string | undefined): string[] | undefined {
  const parts = text?.split('.') ?? [];
  return parts.includes('') ? undefined : parts;
}

const longest = 300;

function hasLeadingZero(part: string): boolean {
  return /^0\d+$/.test(part);
}

/** A version with a `v` before it, fewer than three numbers, or leading zeros, as semver. */
export function normalizedSemver(text: string): string {
  const [match, numbers = '', rest = ''] = /^v?(\d+(?:\.\d+){0,2})([-+].*)?$/.exec(text) ?? [];
  if (match === undefined) return text;
  const parts = numbers.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  while (parts.length < 3) parts.push('0');
  return `${parts.join('.')}${rest}`;
}

export function compareSemver(one: Semver, other: Semver): number {
  for (const [i, number] of one.numbers.entries()) {
    const against = other.numbers[i] ?? 0n;
    if (number !== against) return number < against ? -1 : 1;
  }
  return comparePrereleases(one.prerelease, other.prerelease);
}

/** A version without one is after all that have one. */
function comparePrereleases(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) return Number(one.length === 0) - Number(other.length === 0);
  for (const [i, part] of one.entries()) {
    const against = other[i];
    if (against === undefined) return 1;
    const order = compareParts(part, against);
    if (order !== 0) return order;
  }
  return one.length - other.length;
}

function compareParts(one: string, other: string): number {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (isNumber && isOtherNumber) return Math.sign(Number(BigInt(one) - BigInt(other)));
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return one === other ? 0 : one < other ? -1 : 1;
}
