import type { Case, Step } from '../ask.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Makes cases of one kind: a name, the object's own fields, and merge patches of it. */
export function casesOf(
  apiVersion: string,
  kind: string,
  { plural = `${kind.toLowerCase()}s`, cluster }: { plural?: string; cluster?: true } = {},
): (name: string, fields: Fields, ...patches: readonly unknown[]) => Case {
  return (name, fields, ...patches) => ({
    name,
    resource: `${apiVersion} ${plural}`,
    ...(cluster && { cluster }),
    object: { apiVersion, kind, ...fields },
    changes: patches.map((patch): Step => ({ patch })),
  });
}

/** The case with patches of the object's status after it. */
export function withStatus(one: Case, ...statuses: readonly object[]): Case {
  const steps = statuses.map((status): Step => ({ subresource: 'status', patch: { status } }));
  return { ...one, changes: [...(one.changes ?? []), ...steps] };
}
