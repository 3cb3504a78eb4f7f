import { dns1035Label } from '../../api/validate/names.ts';
import { duplicate, invalid, required, type FieldProblem } from '../../api/validate/problem.ts';
import { defaultProblems } from './check-defaults.ts';
import { structureProblems } from './check-structure.ts';
import { ruleProblems } from './check-rules.ts';
import type { DefinitionVersion, PrinterColumn } from './definition.ts';
import { fieldNames, parseJsonPath } from './json-path.ts';
import type { JsonSchema } from './json-schema.ts';

/** Everything that is wrong with the versions of a definition. */
export function checkVersions(versions: readonly DefinitionVersion[]): FieldProblem[] {
  const names = versions.map(({ name }) => name);
  const problems = versions.flatMap((version, i) => versionProblems(version, `spec.versions[${i}]`));
  names.forEach((name, i) => {
    if (names.indexOf(name) < i) problems.push(duplicate(`spec.versions[${i}].name`, name));
  });
  if (versions.length === 0) problems.push(required('spec.versions', 'must have at least one version'));
  if (versions.filter(({ storage }) => storage).length !== 1)
    problems.push(invalid('spec.versions', names, 'must have exactly one version marked as storage version'));
  return problems;
}

function versionProblems(version: DefinitionVersion, path: string): FieldProblem[] {
  const schema = version.schema?.openAPIV3Schema;
  const nameProblem = dns1035Label(version.name);
  const problems = nameProblem === undefined ? [] : [invalid(`${path}.name`, version.name, nameProblem)];
  if (version.deprecationWarning !== undefined && version.deprecated !== true)
    problems.push(
      invalid(
        `${path}.deprecationWarning`,
        version.deprecationWarning,
        'can only be set for deprecated versions',
      ),
    );
  problems.push(
    ...scaleProblems(version, `${path}.subresources.scale`),
    ...(version.additionalPrinterColumns ?? []).flatMap((column, i) =>
      columnProblems(column, `${path}.additionalPrinterColumns[${i}]`),
    ),
  );
  if (schema === undefined) return [...problems, required(`${path}.schema.openAPIV3Schema`)];
  problems.push(...fieldProblems(version, schema, `${path}.selectableFields`));
  return [...problems, ...schemaProblemsOf(schema, `${path}.schema.openAPIV3Schema`)];
}

/** Defaults and rules are looked at only in schemas that are structural. */
function schemaProblemsOf(schema: JsonSchema, path: string): FieldProblem[] {
  const structure = structureProblems(schema, path);
  return structure.length > 0 ? structure : [...defaultProblems(schema, path), ...ruleProblems(schema, path)];
}

function scaleProblems({ subresources }: DefinitionVersion, path: string): FieldProblem[] {
  const scale = subresources?.scale;
  if (scale === undefined) return [];
  const paths = [
    ['specReplicasPath', scale.specReplicasPath, ['spec']],
    ['statusReplicasPath', scale.statusReplicasPath, ['status']],
    ['labelSelectorPath', scale.labelSelectorPath, ['spec', 'status']],
  ] as const;
  return paths.flatMap(([name, text, roots]) => {
    if (text === undefined) return [];
    if (text === '') return [required(`${path}.${name}`)];
    const [root, ...rest] = fieldNames(parseJsonPath(text)) ?? [];
    if (root === undefined)
      return [invalid(`${path}.${name}`, text, 'must be a simple json path starting with .')];
    if (rest.length > 0 && roots.some((one) => one === root)) return [];
    const allowed = roots.map((one) => `.${one}`).join(' or ');
    return [invalid(`${path}.${name}`, text, `should be a json path under ${allowed}`)];
  });
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['int32', 'int64', 'float', 'double', 'byte', 'date', 'date-time', 'password'];

function columnProblems({ name, type, format, jsonPath }: PrinterColumn, path: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (name === '') problems.push(required(`${path}.name`));
  if (!columnTypes.includes(type))
    problems.push(invalid(`${path}.type`, type, `must be one of ${columnTypes.join(',')}`));
  if (format !== undefined && format !== '' && !columnFormats.includes(format))
    problems.push(invalid(`${path}.format`, format, `must be one of ${columnFormats.join(',')}`));
  if (jsonPath === '') problems.push(required(`${path}.jsonPath`));
  else if (parseJsonPath(jsonPath) === undefined)
    problems.push(invalid(`${path}.jsonPath`, jsonPath, 'must be a simple json path starting with .'));
  return problems;
}

const mostSelectable = 8;

function fieldProblems(
  { selectableFields = [] }: DefinitionVersion,
  schema: JsonSchema,
  path: string,
): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const seen = new Set<string>();
  for (const [i, { jsonPath }] of selectableFields.entries()) {
    const problem = selectableProblem(jsonPath, schema);
    if (problem !== undefined) problems.push(invalid(`${path}[${i}].jsonPath`, jsonPath, problem));
    if (seen.has(jsonPath)) problems.push(duplicate(`${path}[${i}].jsonPath`, jsonPath));
    seen.add(jsonPath);
  }
  if (selectableFields.length > mostSelectable)
    problems.push(invalid(path, selectableFields.length, `must have at most ${mostSelectable} items`));
  return problems;
}

function selectableProblem(jsonPath: string, schema: JsonSchema): string | undefined {
  const names = fieldNames(parseJsonPath(jsonPath));
  if (names === undefined) return 'is an invalid path';
  let at: JsonSchema | undefined = schema;
  for (const name of names) at = at?.properties?.[name];
  if (at === undefined) return 'is an invalid path: does not refer to a valid field';
  if (names[0] === 'metadata') return 'must not point to fields in metadata';
  if (['string', 'integer', 'boolean'].includes(at.type ?? '')) return undefined;
  return 'must point to a field of type string, boolean or integer';
}
