import { CelSyntaxError } from '../error.ts';
import type { Value } from '../values/value.ts';
import { mostInt } from '../values/numbers.ts';
import type { Expr, List, MapExpr } from './ast.ts';
import { expandMacro } from './macros.ts';
import { tokensOf, type Token } from './tokens.ts';

/** As cel-go limits it. */
const deepest = 250;

/** The expression that a text is, with its macros expanded. Throws CelSyntaxError. */
export function parse(source: string): Expr {
  const parser = new Parser(tokensOf(source));
  return parser.whole();
}

/** Binary operators by how closely they bind, loosest first. */
const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['<', '<=', '>=', '>', '==', '!=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];

const functionOf = (operator: string): string => (operator === 'in' ? '@in' : `_${operator}_`);

/** Words that no name may be, because they are or may become part of the language. */
export const reservedWords: ReadonlySet<string> = new Set([
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
]);

function isNumber(value: Value): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expr {
    const expr = this.#expression();
    if (this.#token.kind !== 'end') this.#fail();
    return expr;
  }

  #expression(): Expr {
    if (++this.#depth > deepest) this.#fail(`expression recursion limit exceeded: ${deepest}`);
    const condition = this.#binary(0);
    const at = this.#token.at;
    let expr = condition;
    if (this.#takes('?')) {
      const yes = this.#binary(0);
      this.#expect(':');
      const no = this.#expression();
      expr = { kind: 'call', name: '_?_:_', target: undefined, args: [condition, yes, no], at };
    }
    this.#depth--;
    return expr;
  }

  #binary(level: number): Expr {
    const operators = levels[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { kind, text, at } = this.#token;
      if (kind !== 'symbol' || !operators.includes(text)) return left;
      this.#next++;
      const right = this.#binary(level + 1);
      left = { kind: 'call', name: functionOf(text), target: undefined, args: [left, right], at };
    }
  }

  #unary(): Expr {
    const { at, text, kind } = this.#token;
    if (kind !== 'symbol' || (text !== '!' && text !== '-')) return this.#member();
    if (++this.#depth > deepest) this.#fail(`expression recursion limit exceeded: ${deepest}`);
    this.#next++;
    const literal = this.#current();
    if (text === '-' && literal.kind === 'literal' && isNumber(literal.value)) {
      this.#depth--;
      this.#next++;
      return this.#selectors({ kind: 'literal', value: -literal.value, at });
    }
    const operand = this.#unary();
    this.#depth--;
    return { kind: 'call', name: `${text}_`, target: undefined, args: [operand], at };
  }

  #member(): Expr {
    return this.#selectors(this.#primary());
  }

  #selectors(first: Expr): Expr {
    let expr = first;
    for (;;) {
      const { at } = this.#token;
      if (this.#takes('.')) expr = this.#selection(expr, at);
      else if (this.#takes('[')) {
        const name = this.#takes('?') ? '_[?_]' : '_[_]';
        const index = this.#expression();
        this.#expect(']');
        expr = { kind: 'call', name, target: undefined, args: [expr, index], at };
      } else return expr;
    }
  }

  #selection(operand: Expr, at: number): Expr {
    const form = this.#takes('?') ? 'optional' : 'value';
    const token = this.#token;
    if (token.kind !== 'ident') return this.#fail();
    this.#next++;
    const open = this.#token.at;
    if (form === 'value' && this.#takes('(')) {
      const args = this.#list(')');
      return expandMacro({ kind: 'call', name: token.text, target: operand, args, at: open });
    }
    return { kind: 'select', operand, field: token.text, form, at };
  }

  #primary(): Expr {
    const token = this.#token;
    if (token.kind === 'literal') {
      this.#next++;
      if (token.value === mostInt + 1n) throw new CelSyntaxError('invalid int literal', token.at);
      return { kind: 'literal', value: token.value, at: token.at };
    }
    if (this.#takes('(')) {
      const expr = this.#expression();
      this.#expect(')');
      return expr;
    }
    if (this.#takes('[')) return this.#listLiteral(token.at);
    if (this.#takes('{')) return this.#mapLiteral(token.at);
    this.#takes('.');
    return this.#identifier();
  }

  #identifier(): Expr {
    const token = this.#token;
    if (token.kind !== 'ident') return this.#fail();
    if (reservedWords.has(token.text))
      throw new CelSyntaxError(`reserved identifier: ${token.text}`, token.at);
    this.#next++;
    const open = this.#token.at;
    if (!this.#takes('(')) return { kind: 'ident', name: token.text, at: token.at };
    const args = this.#list(')');
    return expandMacro({ kind: 'call', name: token.text, target: undefined, args, at: open });
  }

  #list(end: string): Expr[] {
    const items: Expr[] = [];
    while (!this.#takes(end)) {
      items.push(this.#expression());
      if (!this.#takes(',')) {
        this.#expect(end);
        break;
      }
    }
    return items;
  }

  #listLiteral(at: number): List {
    const items: { value: Expr; optional: boolean }[] = [];
    while (!this.#takes(']')) {
      const optional = this.#takes('?');
      items.push({ value: this.#expression(), optional });
      if (!this.#takes(',')) {
        this.#expect(']');
        break;
      }
    }
    return { kind: 'list', items, at };
  }

  #mapLiteral(at: number): MapExpr {
    const entries: { key: Expr; value: Expr; optional: boolean }[] = [];
    while (!this.#takes('}')) {
      const optional = this.#takes('?');
      const key = this.#expression();
      this.#expect(':');
      entries.push({ key, value: this.#expression(), optional });
      if (!this.#takes(',')) {
        this.#expect('}');
        break;
      }
    }
    return { kind: 'map', entries, at };
  }

  get #token(): Token {
    return this.#current();
  }

  /** As `#token`, for where the compiler must not think that it is still the one that was looked at before. */
  #current(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '<EOF>', at: 0 };
  }

  #takes(symbol: string): boolean {
    const { kind, text } = this.#token;
    if (kind !== 'symbol' || text !== symbol) return false;
    this.#next++;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#takes(symbol))
      this.#fail(`Syntax error: mismatched input '${this.#token.text}' expecting '${symbol}'`);
  }

  #fail(message?: string): never {
    const { text, at } = this.#token;
    throw new CelSyntaxError(message ?? `Syntax error: mismatched input '${text}'`, at);
  }
}
