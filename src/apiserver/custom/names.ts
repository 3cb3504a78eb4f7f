import type { Resource } from '../../api/resources.ts';
import type { Definition, DefinitionNames } from './definition.ts';

/** The names that a definition gets, and what stood against those it does not. */
export interface NameDecision {
  readonly accepted: DefinitionNames;
  readonly conflict: { readonly reason: string; readonly message: string } | undefined;
}

/** Names in use in one group: of resources (plural, singular and short), and of kinds (of objects and lists). */
export interface TakenNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/** What the built-in resources of a group and the accepted definitions use. */
export function takenNames(builtIn: readonly Resource[], others: readonly DefinitionNames[]): TakenNames {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { plural, singular, shortNames, kind } of builtIn) {
    for (const name of [plural, singular, ...shortNames]) resources.add(name);
    kinds.add(kind).add(`${kind}List`);
  }
  for (const { plural, singular, shortNames = [], kind, listKind } of others) {
    for (const name of [plural, singular, ...shortNames]) if (name !== undefined) resources.add(name);
    kinds.add(kind).add(listKind ?? `${kind}List`);
  }
  return { resources, kinds };
}

/**
 * Whether a definition may have its names (upstream's naming controller). Where one of them is taken it keeps those
 * that it was granted before, if it was.
 */
export function decideNames({ spec, status }: Definition, taken: TakenNames): NameDecision {
  const { plural, singular, shortNames = [], kind, listKind } = spec.names;
  const claims = [
    ['PluralConflict', plural, taken.resources],
    ['SingularConflict', singular, taken.resources],
    ...shortNames.map((name) => ['ShortNamesConflict', name, taken.resources] as const),
    ['KindConflict', kind, taken.kinds],
    ['ListKindConflict', listKind, taken.kinds],
  ] as const;
  const lost = claims.find(([, name, used]) => name !== undefined && used.has(name));
  if (lost === undefined) return { accepted: spec.names, conflict: undefined };
  const [reason, name] = lost;
  return {
    accepted: status?.acceptedNames ?? { plural: '', kind: '' },
    conflict: { reason, message: `${JSON.stringify(name)} is already in use` },
  };
}
