import { WeftError } from '../../lib/errors.ts';

/** `nft-rejected`, as every refusal of `run`. */
export function rejected(message: string): WeftError {
  return new WeftError('nft-rejected', `nft refused: ${message}`);
}

const token = /"[^"\n]*"|#[^\n]*|[{};\n]|[^\s{};"#]+|["]/g;

/** The words of nft text: comments dropped, quotes kept, and `;` for every end of a line. */
export class NftTokens {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    const words = text.match(token) ?? [];
    this.#tokens = words.filter((word) => !word.startsWith('#')).map((word) => (word === '\n' ? ';' : word));
  }

  peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  /** The next word; throws `nft-rejected` at the end of the text. */
  next(): string {
    const word = this.#tokens[this.#at++];
    if (word === undefined) throw rejected('unexpected end of text');
    return word;
  }

  /** Takes the next word if it is this one. */
  take(word: string): boolean {
    if (this.peek() !== word) return false;
    this.#at++;
    return true;
  }

  expect(word: string): void {
    const found = this.next();
    if (found !== word) throw rejected(`${JSON.stringify(found)} where ${JSON.stringify(word)} should be`);
  }

  skipEnds(): void {
    while (this.take(';'));
  }

  /** The words up to the end of the statement: a `;` or a `}` that closes something around it. */
  statement(): string[] {
    const words: string[] = [];
    let depth = 0;
    for (let word = this.peek(); word !== undefined; word = this.peek()) {
      if (depth === 0 && (word === ';' || word === '}')) break;
      if (word === '{') depth++;
      if (word === '}') depth--;
      words.push(this.next());
    }
    if (depth > 0) throw rejected('a brace is not closed');
    return words;
  }
}
