import { readManifestFiles } from '../manifests/files.ts';
import { createNodeManifestIo } from '../manifests/node-io.ts';
import { invalid, parseExpectation, parseExpected, type Expectation } from './expectation.ts';

/**
 * The expectations that a command line gives: sentences with an arrow, and files of such sentences or of
 * `from`, `to` and `expect`. Throws `expectation-invalid`, and what reading files throws.
 */
export async function readExpectations(words: readonly string[]): Promise<Expectation[]> {
  const all: Expectation[] = [];
  for (const word of words) {
    if (/\s-(?:\/-)?>\s/.test(word)) all.push(parseExpectation(word));
    else all.push(...(await readFile(word)));
  }
  return all;
}

async function readFile(path: string): Promise<Expectation[]> {
  const { readYamlDocuments } = await import('../manifests/yaml-documents.ts');
  const files = await readManifestFiles([path], createNodeManifestIo({ stdin: () => process.stdin }));
  return files.flatMap(({ name, text }) =>
    readYamlDocuments(text, name).flatMap((document) => {
      const { value } = document;
      if (value === null || value === undefined) return [];
      if (!Array.isArray(value)) throw invalid(name, 'is not a list of expectations');
      return value.map((item: unknown, index) => {
        const place = { file: name, line: document.lineOf([String(index)]) };
        return { ...parseItem(item, `${place.file}:${place.line}`), place };
      });
    }),
  );
}

function parseItem(item: unknown, where: string): Expectation {
  if (typeof item === 'string') {
    try {
      return parseExpectation(item);
    } catch {
      throw invalid(where, `${JSON.stringify(item)} is no expectation`);
    }
  }
  if (typeof item !== 'object' || item === null) throw invalid(where, 'is no expectation');
  const { from, to, expect = 'allowed', ...others } = item as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(where, `${other} is not one of from, to, expect`);
  if (typeof from !== 'string' || typeof to !== 'string' || typeof expect !== 'string') {
    throw invalid(where, 'from, to and expect are to be texts');
  }
  return { source: from, destination: to, expected: parseExpected(where, expect), place: undefined };
}
