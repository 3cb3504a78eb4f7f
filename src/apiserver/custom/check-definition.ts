import { dns1035Label, dnsSubdomain } from '../../api/validate/names.ts';
import { forbidden, invalid, notSupported, required, type FieldProblem } from '../../api/validate/problem.ts';
import { checkVersions } from './check-version.ts';
import type { Definition, DefinitionNames, DefinitionSpec } from './definition.ts';

/** Everything that is wrong with a definition, whose fields have the right types, as upstream's rules have it. */
export function definitionProblems(definition: Definition): FieldProblem[] {
  const { spec, metadata } = definition;
  const name = `${spec.names.plural}.${spec.group}`;
  return [
    ...(metadata.name === name
      ? []
      : [invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...groupProblems(spec.group),
    ...approvalProblems(definition),
    ...(spec.scope === 'Cluster' || spec.scope === 'Namespaced'
      ? []
      : [notSupported('spec.scope', spec.scope, ['Cluster', 'Namespaced'])]),
    ...nameProblems(spec.names),
    ...conversionProblems(spec),
    ...(spec.preserveUnknownFields === true
      ? [
          invalid(
            'spec.preserveUnknownFields',
            true,
            'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
          ),
        ]
      : []),
    ...checkVersions(spec.versions),
    ...storedVersionProblems(definition),
  ];
}

function groupProblems(group: string): FieldProblem[] {
  if (group === '') return [required('spec.group')];
  const problem = dnsSubdomain(group);
  if (problem !== undefined) return [invalid('spec.group', group, problem)];
  return group.includes('.')
    ? []
    : [invalid('spec.group', group, 'should be a domain with at least one dot')];
}

const approval = 'api-approved.kubernetes.io';

/** Groups of the Kubernetes project are for what it reviewed (KEP-1111). */
function approvalProblems({ spec, metadata }: Definition): FieldProblem[] {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return [];
  const value = metadata.annotations?.[approval] ?? '';
  const at = `metadata.annotations[${approval}]`;
  if (value === '')
    return [required(at, 'protected groups must have approval annotation "api-approved.kubernetes.io"')];
  if (value.startsWith('unapproved') || URL.canParse(value)) return [];
  return [invalid(at, value, 'must be a URL, or start with "unapproved"')];
}

function nameProblems(names: DefinitionNames): FieldProblem[] {
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names;
  const at = 'spec.names';
  const problems = [
    ...labelProblem(`${at}.plural`, plural),
    ...(singular === undefined ? [] : labelProblem(`${at}.singular`, singular)),
    // Kinds begin with a capital letter, and are a label otherwise.
    ...labelProblem(`${at}.kind`, kind, kind.toLowerCase()),
    ...(listKind === undefined ? [] : labelProblem(`${at}.listKind`, listKind, listKind.toLowerCase())),
    ...shortNames.flatMap((name, i) => labelProblem(`${at}.shortNames[${i}]`, name)),
    ...categories.flatMap((name, i) => labelProblem(`${at}.categories[${i}]`, name)),
  ];
  if (listKind !== undefined && listKind === kind)
    problems.push(invalid(`${at}.listKind`, listKind, 'kind and listKind may not be the same'));
  return problems;
}

function labelProblem(path: string, value: string, name: string = value): FieldProblem[] {
  if (value === '') return [required(path)];
  const problem = dns1035Label(name);
  return problem === undefined ? [] : [invalid(path, value, problem)];
}

function conversionProblems({ conversion }: DefinitionSpec): FieldProblem[] {
  if (conversion === undefined) return [];
  const at = 'spec.conversion';
  if (conversion.strategy === 'Webhook')
    return [
      forbidden(
        `${at}.strategy`,
        'this server calls no webhooks; use None and schemas that can hold each other’s objects',
      ),
    ];
  if (conversion.strategy !== 'None') return [notSupported(`${at}.strategy`, conversion.strategy, ['None'])];
  if (conversion.webhook === undefined) return [];
  return [forbidden(`${at}.webhook`, 'should not be set when strategy is not set to Webhook')];
}

function storedVersionProblems({ spec, status }: Definition): FieldProblem[] {
  const stored = status?.storedVersions ?? [];
  const known = new Set(spec.versions.map(({ name }) => name));
  return stored.flatMap((version, i) =>
    known.has(version)
      ? []
      : [
          invalid(
            `status.storedVersions[${i}]`,
            version,
            `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`,
          ),
        ],
  );
}

/** What of a definition may not change any more. */
export function changeProblems(definition: Definition, previous: Definition): FieldProblem[] {
  const { spec } = definition;
  const before = previous.spec;
  const unchanged = [
    ['spec.group', spec.group, before.group],
    ['spec.names.plural', spec.names.plural, before.names.plural],
    ['spec.scope', spec.scope, before.scope],
    ['spec.names.kind', spec.names.kind, before.names.kind],
  ] as const;
  return unchanged.flatMap(([path, now, then]) =>
    now === then ? [] : [invalid(path, now, 'field is immutable')],
  );
}
