import type { KubernetesObject } from '../types/meta.ts';
import { checkSyntax } from './checks.ts';
import { pathSegment } from './names.ts';
import { invalid, notSupported, required, type FieldProblem } from './problem.ts';

interface Rules {
  stabilizationWindowSeconds?: number;
  selectPolicy?: string;
  policies?: { type?: string; value?: number; periodSeconds?: number }[];
}

interface Autoscaler extends KubernetesObject {
  spec?: {
    minReplicas?: number;
    maxReplicas?: number;
    scaleTargetRef?: { apiVersion?: string; kind?: string; name?: string };
    metrics?: ({ type?: string } & Readonly<Record<string, unknown>>)[];
    behavior?: { scaleUp?: Rules; scaleDown?: Rules };
  };
}

/** Where a metric's own fields are, by its type. */
const sources: Readonly<Record<string, string>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};

/** Rules for HorizontalPodAutoscalers (autoscaling validation `validateHorizontalPodAutoscalerSpec`). */
export function autoscalerProblems(object: KubernetesObject): FieldProblem[] {
  // The schema says that this object is a HorizontalPodAutoscaler.
  const {
    minReplicas = 1,
    maxReplicas = 0,
    scaleTargetRef = {},
    metrics = [],
    behavior,
  } = (object as Autoscaler).spec ?? {};
  const problems: FieldProblem[] = [];
  const atLeastOne = 'must be greater than or equal to 1';
  if (minReplicas < 1) problems.push(invalid('spec.minReplicas', minReplicas, atLeastOne));
  if (maxReplicas === 0) problems.push(required('spec.maxReplicas', 'must be set and greater than 0'));
  if (maxReplicas < 0) problems.push(invalid('spec.maxReplicas', maxReplicas, atLeastOne));
  if (maxReplicas < minReplicas)
    problems.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  return [
    ...problems,
    ...targetProblems('spec.scaleTargetRef', scaleTargetRef),
    ...metrics.flatMap((metric, i) => metricProblems(`spec.metrics[${i}]`, metric)),
    ...scalingProblems('spec.behavior.scaleUp', behavior?.scaleUp),
    ...scalingProblems('spec.behavior.scaleDown', behavior?.scaleDown),
  ];
}

function targetProblems(
  path: string,
  { apiVersion = '', kind = '', name = '' }: { apiVersion?: string; kind?: string; name?: string },
): FieldProblem[] {
  const segment = (field: string, text: string): FieldProblem[] =>
    text === '' ? [required(`${path}.${field}`)] : checkSyntax(`${path}.${field}`, text, pathSegment);
  const problems = [...segment('kind', kind), ...segment('name', name)];
  const parts = apiVersion.split('/').length;
  if (parts > 2) problems.push(invalid(`${path}.apiVersion`, apiVersion, 'must be GROUP/VERSION'));
  // The core group has one kind that scales.
  else if (parts < 2 && kind !== 'ReplicationController')
    problems.push(invalid(`${path}.apiVersion`, apiVersion, 'must specify API group'));
  return problems;
}

function metricProblems(
  path: string,
  metric: { type?: string } & Readonly<Record<string, unknown>>,
): FieldProblem[] {
  const { type = '' } = metric;
  const source = Object.hasOwn(sources, type) ? sources[type] : undefined;
  if (source === undefined) return [notSupported(`${path}.type`, type, Object.keys(sources))];
  if (metric[source] !== undefined) return [];
  return [required(`${path}.${source}`, 'must populate information for the given metric source')];
}

const longestWindow = 3600;
const longestPeriod = 1800;
const selections = ['Disabled', 'Max', 'Min'];
const policyTypes = ['Percent', 'Pods'];

function scalingProblems(path: string, rules: Rules | undefined): FieldProblem[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window = 0, selectPolicy = 'Max', policies = [] } = rules;
  const problems = checkRange(`${path}.stabilizationWindowSeconds`, window, {
    least: 0,
    most: longestWindow,
  });
  if (!selections.includes(selectPolicy))
    problems.push(notSupported(`${path}.selectPolicy`, selectPolicy, selections));
  const ofPolicies = policies.flatMap(({ type = '', value = 0, periodSeconds = 0 }, i) => {
    const at = `${path}.policies[${i}]`;
    return [
      ...(policyTypes.includes(type) ? [] : [notSupported(`${at}.type`, type, policyTypes)]),
      ...checkRange(`${at}.value`, value, { least: 1, most: Number.POSITIVE_INFINITY }),
      ...checkRange(`${at}.periodSeconds`, periodSeconds, { least: 1, most: longestPeriod }),
    ];
  });
  return [...problems, ...ofPolicies];
}

function checkRange(
  path: string,
  value: number,
  { least, most }: { least: number; most: number },
): FieldProblem[] {
  if (value < least) return [invalid(path, value, `must be greater than or equal to ${least}`)];
  return value > most ? [invalid(path, value, `must be less than or equal to ${most}`)] : [];
}
