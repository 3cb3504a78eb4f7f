import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabConnection } from '../../lab/connection.ts';
import { labPaths } from '../../lab/paths.ts';
import { WeftError } from '../../lib/errors.ts';
import type { CliEnvironment } from '../environment.ts';
import { main } from '../main.ts';

/** What a command line printed, and its exit code. */
export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line on a machine that has at most one lab, called `lab`. */
export async function run(
  argv: readonly string[],
  lab?: LabConnection,
  /** What the person does until they end a command that waits for that. */
  meanwhile: (printed: string, printedNow: () => string) => Promise<void> = () => Promise.resolve(),
): Promise<Printed> {
  let [out, err] = ['', ''];
  const notHere = (): never => {
    throw new Error('a test starts no labs');
  };
  const env: CliEnvironment = {
    out: (text) => (out += text),
    err: (text) => (err += text),
    isTerminal: false,
    env: {},
    labs: {
      paths: (name) => labPaths('/nowhere', name),
      list: () => Promise.resolve(lab === undefined ? [] : ['lab']),
      isUnprivileged: () => Promise.resolve(false),
      isRunning: () => Promise.resolve(lab !== undefined),
      processes: () => Promise.resolve([]),
      options: (name) => Promise.resolve(name === 'lab' ? lab?.options : undefined),
      start: notHere,
      stop: notHere,
    },
    connect: async (name) => {
      if (lab !== undefined && name === 'lab') return lab;
      throw new WeftError('lab-missing', `there is no lab "${name}"`, { fault: 'input' });
    },
    openCluster: notHere,
    evidence: () => Promise.resolve({ kernel: () => [], versions: () => ({ weft: 'test' }) }),
    diagnose: () => Promise.resolve([]),
    enter: () => Promise.resolve(undefined),
    untilInterrupted: () => meanwhile(out, () => out + err),
    runControllers: notHere,
    now: () => 0,
  };
  const code = await main(argv, env);
  return { code, out, err };
}

/** A folder with these files, gone when it is disposed of. */
export function folderOf(files: Readonly<Record<string, string>>): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'weft-cli-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}
