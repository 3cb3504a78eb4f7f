import { WeftError } from '../../lib/errors.ts';
import { readManifestFiles } from '../manifests/files.ts';
import { createNodeManifestIo } from '../manifests/node-io.ts';
import { invalid, parseExpectation, type Expectation } from './expectation.ts';
import { parseItem, type Place } from './item.ts';

/**
 * The expectations that a command line gives: sentences with an arrow, and files of such sentences or of
 * `from`, `to` and the rest of `item.ts`. Throws `expectation-invalid`, and what reading files throws.
 */
export async function readExpectations(words: readonly string[]): Promise<Expectation[]> {
  const all: Expectation[] = [];
  for (const word of words) {
    if (/\s-(?:\/-)?>\s/.test(word)) all.push(parseExpectation(word));
    else all.push(...(await readFile(word).catch((error: unknown) => noFile(word, error))));
  }
  return all;
}

/** What has a space in it was probably meant to be a sentence. */
function noFile(word: string, error: unknown): never {
  const isSentence = error instanceof WeftError && error.code === 'manifest-not-found' && word.includes(' ');
  throw isSentence ? invalid(word, 'is neither a file nor has it an arrow') : error;
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
        const at = (...steps: string[]): Place => ({
          file: name,
          line: document.lineOf([String(index), ...steps]),
        });
        return { ...parseItem(item, at), place: at() };
      });
    }),
  );
}
