import { qualifiedName } from '../../api/validate/names.ts';
import { invalid, notSupported, required, type FieldProblem } from '../../api/validate/problem.ts';
import { compilePolicy } from './compile.ts';
import type { BindingSpec, MatchResources, ParamRef, PolicySpec, ResourceRule } from './types.ts';

/** What is wrong with a policy, whose fields have the right types. */
export function policyProblems(name: string, spec: PolicySpec): FieldProblem[] {
  const {
    matchConstraints,
    validations = [],
    auditAnnotations = [],
    variables = [],
    matchConditions = [],
  } = spec;
  const problems: FieldProblem[] = [];
  if (matchConstraints === undefined) problems.push(required('spec.matchConstraints'));
  else problems.push(...matchProblems(matchConstraints, 'spec.matchConstraints'));
  if ((matchConstraints?.resourceRules ?? []).length === 0 && matchConstraints !== undefined)
    problems.push(required('spec.matchConstraints.resourceRules'));
  if (validations.length + auditAnnotations.length === 0) {
    const why = 'validations or auditAnnotations must contain at least one item';
    problems.push(required('spec.validations', why), required('spec.auditAnnotations', why));
  }
  matchConditions.forEach((condition, i) => {
    if (condition.name === '') problems.push(required(`spec.matchConditions[${i}].name`));
  });
  variables.forEach((variable, i) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable.name))
      problems.push(invalid(`spec.variables[${i}].name`, variable.name, 'must be a valid CEL identifier'));
  });
  problems.push(...validationProblems(validations));
  auditAnnotations.forEach(({ key }, i) => {
    const why = qualifiedName(`${name}/${key}`);
    if (why !== undefined) problems.push(invalid(`spec.auditAnnotations[${i}].key`, `${name}/${key}`, why));
  });
  const expressions = compilePolicy(spec).problems;
  return [
    ...problems,
    ...expressions.map(({ path, expression, message }) => invalid(path, expression, message)),
  ];
}

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];

function validationProblems(validations: NonNullable<PolicySpec['validations']>): FieldProblem[] {
  return validations.flatMap(({ expression, message = '', reason }, i) => {
    const at = `spec.validations[${i}]`;
    const problems: FieldProblem[] = [];
    if (expression.trim() === '') problems.push(required(`${at}.expression`, 'expression is not specified'));
    if (/[\r\n]/.test(message))
      problems.push(invalid(`${at}.message`, message, 'message must not contain line breaks'));
    else if (message === '' && expression.trim().includes('\n'))
      problems.push(
        required(`${at}.message`, 'message must be specified if expression contains line breaks'),
      );
    if (reason !== undefined && !reasons.includes(reason))
      problems.push(notSupported(`${at}.reason`, reason, reasons));
    return problems;
  });
}

function matchProblems(
  { resourceRules = [], excludeResourceRules = [] }: MatchResources,
  path: string,
): FieldProblem[] {
  return [
    ...resourceRules.flatMap((rule, i) => ruleProblems(rule, `${path}.resourceRules[${i}]`)),
    ...excludeResourceRules.flatMap((rule, i) => ruleProblems(rule, `${path}.excludeResourceRules[${i}]`)),
  ];
}

function ruleProblems(rule: ResourceRule, path: string): FieldProblem[] {
  const lists = ['apiGroups', 'apiVersions', 'operations', 'resources'] as const;
  return lists.flatMap((name) => {
    const values = rule[name] ?? [];
    if (values.length === 0) return [required(`${path}.${name}`)];
    if (name === 'resources' || values.length === 1 || !values.includes('*')) return [];
    return [invalid(`${path}.${name}`, values, "if '*' is present, must not specify other values")];
  });
}

/** What is wrong with a binding. */
export function bindingProblems({
  policyName,
  validationActions,
  paramRef,
  matchResources,
}: BindingSpec): FieldProblem[] {
  const at = 'spec.validationActions';
  const problems = policyName === '' ? [required('spec.policyName')] : [];
  if (paramRef !== undefined) problems.push(...paramRefProblems(paramRef));
  if (matchResources !== undefined) problems.push(...matchProblems(matchResources, 'spec.matchResources'));
  if (validationActions.length === 0)
    problems.push(required(at, 'at least one validation action is required'));
  validationActions.forEach((action, i) => {
    if (validationActions.indexOf(action) < i)
      problems.push(invalid(`${at}[${i}]`, action, 'must not be repeated'));
  });
  if (validationActions.includes('Deny') && validationActions.includes('Warn'))
    problems.push(
      invalid(
        at,
        validationActions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  return problems;
}

function paramRefProblems({ name = '', selector, parameterNotFoundAction = '' }: ParamRef): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (name === '' && selector === undefined)
    problems.push(required('spec.paramRef', 'one of name or selector must be specified'));
  if (name !== '' && selector !== undefined)
    problems.push(invalid('spec.paramRef.name', name, 'name and selector are mutually exclusive'));
  const at = 'spec.paramRef.parameterNotFoundAction';
  if (parameterNotFoundAction === '') problems.push(required(at));
  else if (parameterNotFoundAction !== 'Allow' && parameterNotFoundAction !== 'Deny')
    problems.push(notSupported(at, parameterNotFoundAction, ['Allow', 'Deny']));
  return problems;
}
