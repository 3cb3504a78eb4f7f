import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Definition } from '../definition.ts';
import { additionalOf, type JsonSchema, type ValidationRule } from '../json-schema.ts';

const folder = join(import.meta.dirname, '../../../../../shared/manifests/crds');

/** Where definitions of other projects are; undefined where this checkout stands alone. */
export const upstreamFolder: string | undefined = existsSync(folder) ? folder : undefined;

/** One rule of one definition. */
export interface UpstreamRule {
  readonly file: string;
  readonly path: string;
  readonly rule: ValidationRule;
  /** Of the values that it is about. */
  readonly schema: JsonSchema;
}

/** All definitions of the folder, with the files that they are in. */
export function upstreamDefinitions(): { file: string; definition: Definition }[] {
  if (upstreamFolder === undefined) return [];
  return globSync(join(upstreamFolder, '*/*.yaml'))
    .toSorted()
    .flatMap((file) =>
      parseAllDocuments(readFileSync(file, 'utf8'))
        .map((document) => document.toJS() as Definition | null)
        .filter((object) => object?.kind === 'CustomResourceDefinition')
        .flatMap((definition) => (definition === null ? [] : [{ file: basename(file), definition }])),
    );
}

/** All rules of a definition, in every version. */
export function rulesOf({ file, definition }: { file: string; definition: Definition }): UpstreamRule[] {
  return definition.spec.versions.flatMap(({ name, schema }) =>
    rulesBelow(schema?.openAPIV3Schema ?? {}, { file, path: name }),
  );
}

function rulesBelow(schema: JsonSchema, at: { file: string; path: string }): UpstreamRule[] {
  const additional = additionalOf(schema);
  const below: [string, JsonSchema][] = [
    ...Object.entries(schema.properties ?? {}).map(([name, one]): [string, JsonSchema] => [`.${name}`, one]),
    ...(schema.items === undefined ? [] : ([['[]', schema.items]] as [string, JsonSchema][])),
    ...(additional === undefined ? [] : ([['{}', additional]] as [string, JsonSchema][])),
  ];
  return [
    ...(schema['x-kubernetes-validations'] ?? []).map((rule) => ({ ...at, rule, schema })),
    ...below.flatMap(([step, one]) => rulesBelow(one, { ...at, path: `${at.path}${step}` })),
  ];
}
