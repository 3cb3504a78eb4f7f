import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { ProcessCommand, Processes } from '../process/port.ts';
import { superviseProcess, type Supervision } from '../process/supervise.ts';
import { openConversation } from './conversation.ts';
import type { BgpPlace } from './port.ts';

export interface DaemonOptions {
  /** Configuration and sockets of the daemons of all places, one directory each; made when needed, mode 0700. */
  readonly directory: string;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
}

/** A program of a place's daemon. */
export interface KeptProgram {
  /** In the place's directory; its file name stands in the program's arguments, and tells it from all others. */
  readonly configFile: string;
  readonly program: string;
  /** For a first start; `again` where an earlier one of it has ended. */
  readonly args: readonly string[];
  readonly again?: readonly string[];
  /** Capabilities that it keeps of those of this process, as setpriv(1) writes them. */
  readonly capabilities: readonly string[];
  /** It takes orders as soon as this socket is there. */
  readonly socket: string;
}

/** How long a daemon may take to be there, and to say goodbye to its neighbours. */
const startMs = 5000;
const stopMs = 2000;
const lookMs = 10;

/** Programs in other network namespaces that go on without this process, and are taken over by its successor. */
export interface KeptPrograms {
  places(): string[];
  /** The directory of a place. */
  directoryOf(place: BgpPlace): string;
  /** Writes a file of the place whole, mode 0600. Returns whether there was none. */
  write(place: BgpPlace, file: string, text: string): boolean;
  /** True when it runs by now only because of this call. Rejects with `bgp-silent` when it does not come up. */
  keep(place: BgpPlace, program: KeptProgram): Promise<boolean>;
  /** Ends a program, whoever started it. */
  end(place: BgpPlace, configFile: string): Promise<void>;
  /** Removes the files of a place whose programs have ended. */
  remove(place: BgpPlace): void;
  release(): void;
}

/** The first of these files that may be executed. Throws `bgp-missing`. */
export function installed(candidates: readonly string[], fromPackage: string): string {
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new WeftError('bgp-missing', `none of ${candidates.join(', ')} is installed`, {
    fault: 'environment',
    hint: `install the package ${fromPackage}`,
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function createKeptPrograms(options: DaemonOptions): KeptPrograms {
  return new Keeper(options);
}

class Keeper implements KeptPrograms {
  readonly #options: DaemonOptions;
  readonly #supervised = new Map<string, Supervision>();

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  places(): string[] {
    const { directory } = this.#options;
    return existsSync(directory) ? readdirSync(directory) : [];
  }

  directoryOf({ name }: BgpPlace): string {
    return join(this.#options.directory, name);
  }

  write(place: BgpPlace, file: string, text: string): boolean {
    mkdirSync(this.directoryOf(place), { recursive: true, mode: 0o700 });
    const path = join(this.directoryOf(place), file);
    const isNew = !existsSync(path);
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return isNew;
  }

  async keep(place: BgpPlace, program: KeptProgram): Promise<boolean> {
    const path = join(this.directoryOf(place), program.configFile);
    if (this.#supervised.get(path)?.record !== undefined) return false;
    const { processes, clock, log } = this.#options;
    this.#supervised.get(path)?.release();
    const [adopt] = processes.find((args) => args.includes(path));
    const commandOf = (args: readonly string[]): ProcessCommand => ({
      ...confined(place, program, args),
      logFile: join(this.directoryOf(place), 'log'),
    });
    const supervision = await superviseProcess({
      processes,
      clock,
      log,
      name: `${program.program} of ${place.name}`,
      command: commandOf(program.args),
      again: commandOf(program.again ?? program.args),
      ...(adopt !== undefined && { adopt: adopt.record }),
    });
    this.#supervised.set(path, supervision);
    await this.#untilListening(place, program);
    return adopt === undefined;
  }

  async end(place: BgpPlace, configFile: string): Promise<void> {
    const path = join(this.directoryOf(place), configFile);
    const { processes } = this.#options;
    await this.#supervised.get(path)?.stop({ graceMs: stopMs });
    this.#supervised.delete(path);
    for (const { record } of processes.find((args) => args.includes(path))) {
      await processes.stop(record, { graceMs: stopMs });
    }
  }

  remove(place: BgpPlace): void {
    rmSync(this.directoryOf(place), { recursive: true, force: true });
  }

  release(): void {
    for (const supervision of this.#supervised.values()) supervision.release();
    this.#supervised.clear();
  }

  /** A socket's file may be there from before, with nobody behind it. */
  async #untilListening(place: BgpPlace, { program, socket }: KeptProgram): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + startMs;
    while (!(await isListening(socket))) {
      if (clock.monotonic() > deadline) {
        throw new WeftError('bgp-silent', `${program} did not come up: nobody listens at ${socket}`, {
          fault: 'environment',
          hint: `see ${join(this.directoryOf(place), 'log')}`,
        });
      }
      await new Promise<void>((resolve) => void clock.after(lookMs, resolve));
    }
  }
}

async function isListening(socket: string): Promise<boolean> {
  try {
    (await openConversation(socket)).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * In the place's network, with no more rights than it needs: nsenter(1) and setpriv(1) of util-linux become the program
 * one after the other, so that it has the pid that they were started with.
 */
function confined(
  place: BgpPlace,
  { program, capabilities }: KeptProgram,
  args: readonly string[],
): Pick<ProcessCommand, 'command' | 'args' | 'env'> {
  const kept = ['-all', ...capabilities.map((one) => `+${one}`)].join(',');
  const words = [`--net=${place.netns}`, 'setpriv', '--no-new-privs', `--bounding-set=${kept}`, program];
  return { command: 'nsenter', args: [...words, ...args], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } };
}
