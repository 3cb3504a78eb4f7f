import { keyOf, resourceOf } from '../../api/resources.ts';
import { WeftError } from '../../lib/errors.ts';
import { isOfGateways } from '../../model/gateways/routes.ts';
import { readManifestFiles, type ManifestFile } from './files.ts';
import { foreignPolicyProblem } from './foreign-policies.ts';
import { readObjects, type LoadedObject, type LocatedProblem, type ReadObjects } from './objects.ts';
import type { ManifestIo } from './port.ts';
import { readYamlDocuments } from './yaml-documents.ts';

export type { LoadedObject } from './objects.ts';

/** Everything that `-f` named. */
export interface Manifests {
  /** Objects of the kinds in resources.ts, in the order they were read in, valid, with their namespaces. */
  readonly objects: LoadedObject[];
  /** Those of the kinds by which requests from outside are passed on: nothing in a lab follows them, the analysis does. */
  readonly gateways: LoadedObject[];
  /** What was left out because nothing about the network follows from it, by kind, in order of appearance. */
  readonly ignored: IgnoredKind[];
  /** What could not be read, or not be understood, and what is in doubt because of it. */
  readonly problems: LocatedProblem[];
}

export interface IgnoredKind {
  readonly kind: string;
  readonly count: number;
}

export interface LoadOptions {
  readonly aPartWillDo?: boolean;
  /** What files held when they were read before, by name: of one that is as it was, nothing is parsed again. */
  readonly known?: Map<string, KnownFile>;
}

/** A file's text and what stands in it. */
export interface KnownFile {
  readonly text: string;
  readonly read: ReadObjects;
}

const mostObjects = 100_000;
const mostProblemsShown = 20;

/**
 * Reads manifests as `-f` means them: files, folders and `-`. Throws one WeftError of fault `input`, whose message has a
 * line `FILE:LINE: what` for each problem - `invalid-manifest`, or what `readManifestFiles` throws. Where a part will do,
 * objects that are broken are left out and told in `problems`, as long as it is known what is in doubt without them.
 */
export async function loadManifests(
  paths: readonly string[],
  io: ManifestIo,
  { aPartWillDo = false, known }: LoadOptions = {},
): Promise<Manifests> {
  const files = await readManifestFiles(paths, io);
  const loaded: LoadedObject[] = [];
  const problems: LocatedProblem[] = [];
  for (const file of files) {
    const before = known?.get(file.name);
    const read = before?.text === file.text ? before.read : await readFile(file, mostObjects - loaded.length);
    known?.set(file.name, { text: file.text, read });
    addAll(loaded, read.objects);
    addAll(problems, read.problems);
  }
  addAll(problems, duplicates(loaded));
  const isContained = problems.every(({ doubtIn }) => doubtIn !== undefined);
  if (problems.length > 0 && !(aPartWillDo && isContained)) throw invalidManifests(problems);
  return {
    problems: [...problems, ...loaded.flatMap((one) => foreignPolicyProblem(one) ?? [])],
    objects: loaded.filter(({ object }) => resourceOf(object) !== undefined),
    gateways: loaded.filter(({ object }) => isOfGateways(object)),
    ignored: ignoredOf(loaded),
  };
}

/** Throws `manifest-too-large` for more than `most` objects, before the rest of the file is looked at. */
async function readFile({ name, text }: ManifestFile, most: number): Promise<ReadObjects> {
  const all: ReadObjects = { objects: [], problems: [] };
  for (const document of readYamlDocuments(text, name)) {
    const { objects, problems } = await readObjects(document, name);
    addAll(all.objects, objects);
    addAll(all.problems, problems);
    if (all.objects.length > most) throw tooManyObjects();
  }
  return all;
}

/** There may be more than a call takes arguments. */
function addAll<T>(to: T[], some: readonly T[]): void {
  for (const one of some) to.push(one);
}

/** One object given twice is a mistake: which one counts would depend on the order of files. */
function duplicates(loaded: readonly LoadedObject[]): LocatedProblem[] {
  const first = new Map<string, LoadedObject>();
  return loaded.flatMap((one) => {
    const { apiVersion, kind } = one.object;
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    const key = `${group} ${kind} ${keyOf(one.object)}`;
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, one);
      return [];
    }
    const { file, line } = before.source;
    return [{ ...one.source, what: `${kind} ${keyOf(one.object)}: is already given at ${file}:${line}` }];
  });
}

function ignoredOf(loaded: readonly LoadedObject[]): IgnoredKind[] {
  const counts = new Map<string, number>();
  for (const { object } of loaded) {
    if (resourceOf(object) === undefined) counts.set(object.kind, (counts.get(object.kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => ({ kind, count }));
}

/** A line for each problem, as far as anybody reads them. */
export function linesOf(problems: readonly LocatedProblem[]): string[] {
  const lines = problems
    .slice(0, mostProblemsShown)
    .map(({ file, line, what }) => `${file}:${line}: ${what}`);
  const more = problems.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

function invalidManifests(problems: readonly LocatedProblem[]): WeftError {
  return new WeftError('invalid-manifest', linesOf(problems).join('\n'), { fault: 'input' });
}

function tooManyObjects(): WeftError {
  return new WeftError('manifest-too-large', `more than ${mostObjects} objects`, { fault: 'input' });
}
