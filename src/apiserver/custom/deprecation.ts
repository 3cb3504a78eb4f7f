import { compareVersions } from '../catalog/version-order.ts';
import type { Definition, DefinitionVersion } from './definition.ts';

/**
 * What everybody is told who asks for a version that is deprecated: in its definition's own words, or which version to
 * use instead, as apiextensions-apiserver says it. Undefined for other versions.
 */
export function deprecationOf(
  { spec }: Pick<Definition, 'spec'>,
  { name, deprecated, deprecationWarning }: DefinitionVersion,
): string | undefined {
  if (deprecated !== true) return undefined;
  if (deprecationWarning !== undefined) return deprecationWarning;
  const { group, names } = spec;
  const [better] = spec.versions
    .filter((one) => one.served && one.deprecated !== true && compareVersions(one.name, name) < 0)
    .map((one) => one.name)
    .toSorted(compareVersions);
  const instead = better === undefined ? '' : `; use ${group}/${better} ${names.kind}`;
  return `${group}/${name} ${names.kind} is deprecated${instead}`;
}
