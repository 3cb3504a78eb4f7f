/** How stable the versions called so are; what is no version of this form comes after all that are. */
const stability: Readonly<Record<string, number>> = { '': 3, beta: 2, alpha: 1 };

/**
 * Sorts versions as upstream prefers them (apimachinery `CompareKubeAwareVersionStrings`): released before beta
 * before alpha, the higher number first, everything else by its letters.
 */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [rankOf(one), rankOf(other)];
  for (const [i, rank] of a.entries()) {
    const difference = (b[i] ?? 0) - rank;
    if (difference !== 0) return difference;
  }
  return one === other ? 0 : one < other ? -1 : 1;
}

/** Stability, major number, and number of the alpha or beta. */
function rankOf(version: string): readonly number[] {
  const [match, major = '', stage = '', minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  return match === undefined ? [0, 0, 0] : [stability[stage] ?? 0, Number(major), Number(minor)];
}
