import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { resources, type Resource } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { previousLog } from '../../lib/log-file.ts';
import { within } from '../../lib/within.ts';
import type { LabConnection } from '../connection.ts';
import type { LabPaths } from '../paths.ts';
import { roleNames } from '../process-file.ts';
import type { BundleFile } from './bundle-file.ts';
import type { Evidence } from './evidence.ts';
import { createKnownSecrets, type KnownSecrets } from './known-secrets.ts';
import { allowNames, redactObject } from './redact.ts';
import { readMetrics } from './metrics.ts';
import { withoutPatterns } from './secret-patterns.ts';

/** Where a bundle's texts come from; each may fail, and the others go on. */
export interface BundleSources {
  readonly paths: LabPaths;
  readonly clock: Clock;
  readonly connect: () => Promise<LabConnection>;
  /** What another command prints, its complaints and its exit code. */
  readonly command: (argv: readonly string[]) => Promise<string>;
  /** What the kernel holds, by namespace. */
  readonly kernel: () => Iterable<Evidence>;
  /** Of Weft, the runtime, the kernel and the machine. */
  readonly versions: () => object;
}

/** How long each source may take. */
const answerMs = 8000;

/** Puts everything that tells how a lab is into the bundle, without secrets. Returns what could not be had, and why. */
export async function collectBundle(file: BundleFile, sources: BundleSources): Promise<string[]> {
  const bundle = new Collection(file, sources.clock);
  await bundle.attempt('credentials', () => learnCredentials(sources.paths, bundle.secrets));
  const { name } = sources.paths;
  // Nothing is written before the secrets of all objects are known.
  const [objects, ...texts] = await Promise.all([
    bundle.attempt('objects', () => redactedObjects(sources, bundle.secrets)),
    bundle.text('versions.json', async () => toJson(sources.versions())),
    bundle.text('doctor.txt', () => sources.command(['doctor'])),
    bundle.text('status.txt', () => sources.command(['status', '--name', name])),
    bundle.text('status.json', () => sources.command(['status', '--name', name, '-o', 'json'])),
    bundle.text('files.txt', async () => listFiles(sources.paths.directory)),
    bundle.attempt('metrics', () => readMetrics(sources.paths)),
  ]);
  for (const { path, text } of [...texts, objects].flatMap((all) => all ?? [])) await bundle.add(path, text);
  await bundle.attempt('logs', async () => {
    for (const path of roleNames.flatMap((role) => [
      previousLog(sources.paths.log(role)),
      sources.paths.log(role),
    ]))
      await bundle.addFile(`logs/${relative(sources.paths.logs, path)}`, path);
  });
  await bundle.attempt('kernel', async () => {
    for (const { path, text } of sources.kernel()) await bundle.add(path, text);
  });
  const problems = bundle.problems.map((problem) => bundle.clean(problem));
  await file.add('problems.txt', problems.map((line) => `${line}\n`).join(''));
  return problems;
}

class Collection {
  readonly secrets: KnownSecrets = createKnownSecrets();
  readonly problems: string[] = [];
  readonly #file: BundleFile;
  readonly #clock: Clock;

  constructor(file: BundleFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  async attempt<T>(what: string, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      const done = Promise.resolve().then(work);
      return await within(this.#clock, { what, ms: answerMs }, done);
    } catch (error) {
      this.problems.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** A text of one source. */
  text(path: string, work: () => Promise<string>): Promise<Evidence[] | undefined> {
    return this.attempt(path, async () => [{ path, text: await work() }]);
  }

  async add(path: string, text: string): Promise<void> {
    const isIn = await this.#file.add(
      path,
      path.startsWith('objects/') ? this.secrets.remove(text) : this.clean(text),
    );
    if (!isIn) this.problems.push(`${path}: left out, the bundle is full`);
  }

  /** Nothing where there is no such file. */
  async addFile(path: string, from: string): Promise<void> {
    if (statSync(from, { throwIfNoEntry: false })?.isFile() !== true) return;
    await this.add(path, readFileSync(from, 'utf8'));
  }

  /** Of a text that is no object: without secrets that are known, and those that show. */
  clean(text: string): string {
    return this.secrets.remove(withoutPatterns(text));
  }
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The lab's own keys and tokens are in no text that is taken, and are looked for all the same. */
function learnCredentials({ credentials }: LabPaths, secrets: KnownSecrets): void {
  for (const name of readdirSync(credentials)) {
    const text = readFileSync(join(credentials, name), 'utf8');
    if (name !== 'port' && !text.includes('BEGIN CERTIFICATE')) secrets.add(text);
  }
}

async function redactedObjects({ connect }: BundleSources, secrets: KnownSecrets): Promise<Evidence[]> {
  const connection = await connect();
  try {
    const lists = await Promise.all(
      Object.values(resources).map(async (resource: Resource): Promise<[string, KubernetesObject[]]> => {
        const { items } = await connection.client.list(resource);
        return [resource.plural, items];
      }),
    );
    for (const object of lists.flatMap(([, items]) => items)) allowNames(object, secrets);
    return lists.map(([plural, items]) => ({
      path: `objects/${plural}.json`,
      text: toJson(items.map((object) => redactObject(object, secrets))),
    }));
  } finally {
    await connection.close();
  }
}

/** Names, kinds, modes and sizes; never what is in them. */
function listFiles(directory: string): string {
  const entries = readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
  return entries
    .map((path) => {
      const stat = statSync(join(directory, path), { throwIfNoEntry: false });
      if (stat === undefined) return `${path} is gone\n`;
      return `${stat.mode.toString(8).padStart(6, '0')} ${String(stat.size).padStart(10)} ${path}\n`;
    })
    .join('');
}
