import { mkdirSync, readdirSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { acquireLock } from '../drivers/process/lock.ts';
import type { ProcessCommand, ProcessRecord, Processes } from '../drivers/process/port.ts';
import type { Clock } from '../lib/clock.ts';
import { WeftError } from '../lib/errors.ts';
import { mostClusters } from '../model/network/lab-addresses.ts';
import { modelTraits } from '../model/network/models.ts';
import type { LabControl } from './control.ts';
import { doorVariable, type Door } from './door.ts';
import { findLabDaemons, findLabProcesses, runningLabs, type LabProcess } from './lab-processes.ts';
import { differencesOf } from './option-differences.ts';
import { readLabOptions, type LabOptions } from './options.ts';
import { missingLab } from './missing-lab.ts';
import { enterNamespaces } from './namespaces.ts';
import { checkName, clustersOf, labOfCluster } from './names.ts';
import { labPaths, type LabPaths } from './paths.ts';
import { processStatus } from './process-status.ts';
import { inRunDirectory, makeOwnDirectory, requireRoom, runDirectoryError } from './run-directory.ts';

export interface LauncherOptions {
  /** Directory of all labs. */
  readonly directory: string;
  readonly processes: Processes;
  readonly clock: Clock;
  /** The holder: the runtime's executable with its flags, and the entry file. */
  readonly holder: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** flock(2) without waiting; false when somebody else has the lock. */
  readonly tryLock: (fd: number) => boolean;
  /** Which processes of a lab do not answer now. */
  readonly silentRoles: (paths: LabPaths) => Promise<readonly string[]>;
  /** Throws with fault `environment` what this machine lacks. */
  readonly checkMachine: () => Promise<void>;
  /** Given where labs run without root, inside a user namespace each. */
  readonly door?: Door;
}

type Prepare = () => Promise<void>;

/** How long the holder may take to end what it supervises, before everything is killed. */
const graceMs = 600;
const startTimeoutMs = 30_000;
const lockTimeoutMs = 60_000;
/** Survivors start a dead holder again by themselves; longer than that, and nobody did. */
const revivalMs = 1500;
/** Killing and looking again ends when nobody starts anything any more, which takes a round or two. */
const killTimeoutMs = 20_000;

/** Starts and ends labs by their run directories and the processes that work on them. */
export function createLauncher(options: LauncherOptions): LabControl {
  const { directory, processes, clock } = options;
  const pathsOf = (name: string): LabPaths => labPaths(directory, checkName(name));
  const runningOf = (paths: LabPaths): LabProcess[] => findLabProcesses(processes, paths);

  const withLock = async <T>(name: string, work: (paths: LabPaths) => Promise<T>): Promise<T> => {
    const paths = pathsOf(name);
    makeOwnDirectory(directory);
    const lock = await acquireLock(paths.lock, {
      clock,
      tryLock: options.tryLock,
      wait: true,
      signal: AbortSignal.timeout(lockTimeoutMs),
    }).catch((error: unknown) => {
      throw runDirectoryError(directory, error);
    });
    try {
      return await work(paths);
    } finally {
      // A lab that is gone leaves no lock behind either.
      if (existsSync(paths.directory)) lock.release();
      else lock.remove();
    }
  };

  /** They outlive everybody who would start them again; nobody does here. */
  const endDaemons = async (paths: LabPaths): Promise<void> => {
    const left = findLabDaemons(processes, paths);
    await Promise.all(left.map((record) => processes.stop(record, { graceMs: 0 })));
  };

  /** A process of another cluster of the same lab: all of them see each other's pins. */
  const neighbourOf = (name: string): ProcessRecord | undefined => {
    const lab = labOfCluster(name) ?? name;
    const running = runningLabs(processes, directory);
    const [neighbour] = [lab, ...clustersOf(lab, [...running])].filter((one) => running.has(one));
    return neighbour === undefined ? undefined : runningOf(pathsOf(neighbour))[0]?.record;
  };

  /** Starts a holder; what no process is left of is started from nothing. */
  const startHolder = async (paths: LabPaths, lab: LabOptions, prepare: Prepare): Promise<void> => {
    const survivor = runningOf(paths)[0]?.record;
    if (survivor === undefined) {
      await endDaemons(paths);
      inRunDirectory(directory, () => makeDirectories(paths, lab));
    }
    await prepare();
    const beside = survivor ?? neighbourOf(paths.name);
    const [command, ...args] = enterNamespaces(beside, options.door !== undefined);
    const program = {
      command,
      args: [...args, ...options.holder, paths.directory],
      env: options.env,
      logFile: paths.log('holder'),
    };
    if (options.door === undefined) await processes.start(program);
    else await startWithDoor(options.door, survivor, program);
  };

  const startWithDoor = async (
    door: Door,
    survivor: ProcessRecord | undefined,
    program: ProcessCommand,
  ): Promise<void> => {
    const inherited = survivor === undefined ? door.open() : door.copyOf(survivor.pid);
    try {
      await processes.start({ ...program, inherited, env: { ...program.env, [doorVariable]: '1' } });
    } finally {
      door.close(inherited);
    }
  };

  const whenAnswering = async (paths: LabPaths, lab: LabOptions, prepare: Prepare): Promise<void> => {
    const began = clock.monotonic();
    let seen = began;
    for (;;) {
      const silent = await options.silentRoles(paths);
      if (silent.length === 0) return;
      const now = clock.monotonic();
      if (now > began + startTimeoutMs) throw notStarting(paths, silent);
      if (now > seen + revivalMs) {
        if (!runningOf(paths).some(({ role }) => role === 'holder')) await startHolder(paths, lab, prepare);
        seen = now;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  const end = async (paths: LabPaths): Promise<void> => {
    markEnding(paths);
    // The holder first: it ends the others in order.
    for (const { role, record } of runningOf(paths)) {
      if (role === 'holder') await processes.stop(record, { graceMs });
    }
    const deadline = clock.monotonic() + killTimeoutMs;
    for (let left = runningOf(paths); left.length > 0; left = runningOf(paths)) {
      if (clock.monotonic() > deadline) throw notEnding(paths, left);
      await Promise.all(left.map(({ record }) => processes.stop(record, { graceMs: 0 })));
    }
    await endDaemons(paths);
    inRunDirectory(directory, () => rmSync(paths.directory, { recursive: true, force: true }));
  };

  const run = async (paths: LabPaths, lab: LabOptions, prepare: Prepare): Promise<void> => {
    // Somebody began to end it and did not come to the end.
    if (existsSync(paths.ending)) await end(paths);
    const running = runningOf(paths);
    if (running.length > 0) requireSame(paths, lab);
    if (running.some(({ role }) => role === 'holder')) await prepare();
    else {
      await options.checkMachine();
      await startHolder(paths, lab, prepare);
    }
    await whenAnswering(paths, lab, prepare);
  };

  /** Nobody ends the lab meanwhile, or gives its place on the network to another cluster. */
  const runBeside = async (first: LabPaths, lab: LabOptions, prepare: Prepare): Promise<void> => {
    if (runningOf(first).length === 0) throw missingLab(first.name, listLabs(directory));
    if (lab.ownNetwork === true) return withLock(lab.name, (paths) => run(paths, lab, prepare));
    requireSegments(lab, readLabOptions(first.options));
    const others = clustersOf(first.name, listLabs(directory));
    const ordinal = ordinalFor(lab.name, new Map(others.map((name) => [name, ordinalOf(pathsOf(name))])));
    return withLock(lab.name, (paths) => run(paths, { ...lab, ordinal }, prepare));
  };

  return {
    paths: pathsOf,
    list: async () => listLabs(directory),
    isUnprivileged: () => Promise.resolve(options.door !== undefined),
    isRunning: async (name) => runningOf(pathsOf(name)).length > 0,
    processes: async (name) => processStatus(processes, pathsOf(name)),
    async options(name) {
      try {
        return readLabOptions(pathsOf(name).options);
      } catch {
        return undefined;
      }
    },
    start(lab, prepare = () => Promise.resolve()) {
      const first = labOfCluster(lab.name);
      if (first === undefined) return withLock(lab.name, (paths) => run(paths, lab, prepare));
      return withLock(first, (paths) => runBeside(paths, lab, prepare));
    },
    stop: (name) =>
      withLock(name, async (paths) => {
        for (const cluster of clustersOf(name, listLabs(directory))) await withLock(cluster, end);
        const found = existsSync(paths.directory) || runningOf(paths).length > 0;
        await end(paths);
        return found;
      }),
  };
}

/** Names of the directories of labs and of their further clusters, sorted. */
function listLabs(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  } catch {
    return [];
  }
}

/** What clusters of a lab share is a segment: a virtual network has one cluster. */
function requireSegments(...labs: readonly LabOptions[]): void {
  const other = labs.find(({ config }) => modelTraits[config.model].world !== 'segment');
  if (other === undefined) return;
  const message = `${other.name} is a cluster of ${other.config.model}, whose nodes are on no segment`;
  throw new WeftError('cluster-network', `${message}: nothing that another cluster could be on`, {
    fault: 'input',
    hint: 'give the other one a network of its own: --own-network',
  });
}

function ordinalOf({ options }: LabPaths): number | undefined {
  try {
    return readLabOptions(options).ordinal;
  } catch {
    return undefined;
  }
}

/** What the cluster has already, else the lowest that no other of its lab has. */
function ordinalFor(name: string, taken: ReadonlyMap<string, number | undefined>): number {
  const own = taken.get(name);
  if (own !== undefined) return own;
  const others = new Set(taken.values());
  for (let ordinal = 1; ordinal < mostClusters; ordinal++) if (!others.has(ordinal)) return ordinal;
  throw new WeftError('clusters-too-many', `a lab has ${mostClusters} clusters at most`, {
    fault: 'input',
    hint: 'run "weft down --cluster NAME" for one of them first',
  });
}

/** From here on no process of the lab starts another, and a later `up` begins by finishing this. */
function markEnding(paths: LabPaths): void {
  try {
    if (existsSync(paths.directory)) writeFileSync(paths.ending, '', { mode: 0o600 });
  } catch {
    // Full or read-only: killing again and again does it too.
  }
}

function notStarting({ name, logs }: LabPaths, silent: readonly string[]): WeftError {
  const message = `lab ${name} did not start in ${startTimeoutMs / 1000} s: ${silent.join(', ')} did not answer`;
  return new WeftError('lab-not-starting', message, {
    fault: 'environment',
    hint: `see the logs in ${logs}`,
  });
}

function notEnding({ name }: LabPaths, left: readonly LabProcess[]): WeftError {
  const pids = left.map(({ role, record }) => `${role} ${record.pid}`).join(', ');
  return new WeftError('lab-not-ending', `processes of lab ${name} do not end: ${pids}`, {
    fault: 'environment',
  });
}

function requireSame(paths: LabPaths, lab: LabOptions): void {
  const existing = readLabOptions(paths.options);
  // Who asks for no audit log does not mind one.
  const { audit = existing.audit } = lab;
  const wanted = { ...lab, ...(audit !== undefined && { audit }) };
  const differing = differencesOf(existing, JSON.parse(JSON.stringify(wanted)) as LabOptions);
  if (differing.length === 0) return;
  throw new WeftError('lab-differs', `lab ${lab.name} runs with another ${differing.join(' and ')}`, {
    fault: 'input',
    hint: `run "weft down --name ${lab.name}" first, or use another --name`,
  });
}

/** A directory without a running process is what a crash left: nothing of it is worth keeping. */
function makeDirectories(paths: LabPaths, lab: LabOptions): void {
  rmSync(paths.directory, { recursive: true, force: true });
  requireRoom(dirname(paths.directory));
  for (const directory of [paths.directory, paths.namespaces, paths.pods, paths.logs]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
  writeFileSync(paths.options, JSON.stringify(lab), { mode: 0o600 });
}
