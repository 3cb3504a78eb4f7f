import { isObject } from '../../../src/apiserver/json.ts';
import type { AnyApi } from '../../support/kube-apiserver.ts';

/** How lists and maps merge, by `SCHEMA.FIELD`; those that merge in no special way are not there. */
export type MergeExtensions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const extensions = [
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-patch-strategy',
  'x-kubernetes-patch-merge-key',
];

/** What merges in no special way, in other words. */
const usual: ReadonlySet<unknown> = new Set(['granular', 'atomic list']);

/** What the OpenAPI documents say of every group and version that the API serves and `isWanted`. */
export async function mergeExtensionsOf(
  api: AnyApi,
  isWanted: (path: string) => boolean,
): Promise<{ readonly extensions: MergeExtensions; readonly fields: ReadonlySet<string> }> {
  const index = await api.call('GET', '/openapi/v3');
  const paths = membersOf(index.body, 'paths')
    .map(([path]) => path)
    .filter(isWanted);
  const found: Record<string, Record<string, unknown>> = {};
  const fields = new Set<string>();
  for (const path of paths) {
    const { body } = await api.call('GET', `/openapi/v3/${path}`);
    for (const [name, schema] of membersOf(body, 'components', 'schemas')) {
      for (const [field, declared] of [['', schema] as const, ...membersOf(schema, 'properties')]) {
        const place = `${name}.${field}`;
        fields.add(place);
        const told = extensions.flatMap((key) => {
          const value = isObject(declared) ? declared[key] : undefined;
          const word = key === 'x-kubernetes-list-type' && value === 'atomic' ? 'atomic list' : value;
          return value === undefined || usual.has(word) ? [] : [[key, value]];
        });
        if (told.length > 0) found[place] = Object.fromEntries(told) as Record<string, unknown>;
      }
    }
  }
  return { extensions: found, fields };
}

function membersOf(value: unknown, ...path: readonly string[]): [string, unknown][] {
  let at = value;
  for (const key of path) at = isObject(at) ? at[key] : undefined;
  return isObject(at) ? Object.entries(at) : [];
}
