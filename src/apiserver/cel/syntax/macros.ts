import { CelSyntaxError } from '../error.ts';
import type { Call, Comprehension, Expr, MacroName } from './ast.ts';

/** The expression that a call of a macro stands for; any other call as it is. Throws CelSyntaxError. */
export function expandMacro(call: Call): Expr {
  if (call.target === undefined) return call.name === 'has' && call.args.length === 1 ? presence(call) : call;
  const { target } = call;
  if (call.name === 'optMap' || call.name === 'optFlatMap') {
    const [variable, body] = call.args;
    if (variable === undefined || body === undefined || call.args.length !== 2) return call;
    return { kind: 'bind', form: call.name, name: nameOf(variable), init: target, body, at: call.at };
  }
  if (call.name === 'sortBy' && call.args.length === 2) return sorting(call, target);
  const form = forms.find(({ name, args }) => name === call.name && args === call.args.length);
  return form === undefined ? call : comprehension(call, target, form);
}

interface Form {
  readonly name: string;
  readonly args: number;
  readonly macro: MacroName;
  /** Number of arguments that name variables. */
  readonly vars: number;
  readonly makes?: true;
}

const forms: readonly Form[] = [
  { name: 'all', args: 2, macro: 'all', vars: 1 },
  { name: 'exists', args: 2, macro: 'exists', vars: 1 },
  { name: 'exists_one', args: 2, macro: 'exists_one', vars: 1 },
  { name: 'existsOne', args: 2, macro: 'exists_one', vars: 1 },
  { name: 'filter', args: 2, macro: 'filter', vars: 1 },
  { name: 'map', args: 2, macro: 'map', vars: 1, makes: true },
  { name: 'map', args: 3, macro: 'map', vars: 1, makes: true },
  { name: 'all', args: 3, macro: 'all', vars: 2 },
  { name: 'exists', args: 3, macro: 'exists', vars: 2 },
  { name: 'existsOne', args: 3, macro: 'exists_one', vars: 2 },
  { name: 'transformList', args: 3, macro: 'map', vars: 2, makes: true },
  { name: 'transformList', args: 4, macro: 'map', vars: 2, makes: true },
  { name: 'transformMap', args: 3, macro: 'transformMap', vars: 2, makes: true },
  { name: 'transformMap', args: 4, macro: 'transformMap', vars: 2, makes: true },
];

function comprehension(call: Call, range: Expr, { macro, vars, makes }: Form): Comprehension {
  const names = call.args.slice(0, vars).map(nameOf);
  const rest = call.args.slice(vars);
  const result = makes === true ? rest.at(-1) : undefined;
  const test = makes === true && rest.length === 1 ? undefined : rest[0];
  return { kind: 'comprehension', macro, range, vars: names, test, result, at: call.at };
}

function nameOf(variable: Expr): string {
  if (variable.kind === 'ident') return variable.name;
  throw new CelSyntaxError('argument must be a simple name', variable.at);
}

function presence(call: Call): Expr {
  const [argument] = call.args;
  if (argument?.kind === 'select' && argument.form === 'value') return { ...argument, form: 'test' };
  throw new CelSyntaxError('invalid argument to has() macro', argument?.at ?? call.at);
}

/** `list.sortBy(x, key)` sorts by what the items are mapped to. */
function sorting(call: Call, target: Expr): Expr {
  const [variable, key] = call.args;
  if (variable === undefined || key === undefined) return call;
  const keys: Expr = {
    kind: 'comprehension',
    macro: 'map',
    range: target,
    vars: [nameOf(variable)],
    test: undefined,
    result: key,
    at: call.at,
  };
  return { kind: 'call', name: '@sortByAssociatedKeys', target, args: [keys], at: call.at };
}
