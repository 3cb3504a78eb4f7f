import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { ProcessCommand, ProcessExit, ProcessRecord, Processes } from './port.ts';

export interface SupervisionOptions {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  /** For the log. */
  readonly name: string;
  readonly command: ProcessCommand;
  /** What is started when one has ended, where that is not the same. */
  readonly again?: ProcessCommand;
  /** A process of an earlier supervision, taken over when it still runs. */
  readonly adopt?: ProcessRecord;
  /** Told of every process that is now the one, to be written down. */
  readonly onStart?: (record: ProcessRecord) => void;
}

/** A program that is kept running. */
export interface Supervision {
  /** The process that runs now; undefined between two of them. */
  readonly record: ProcessRecord | undefined;
  /** Ends the program, and does not start it again. */
  stop(options: { readonly graceMs: number }): Promise<void>;
  /** Lets the program go on, and does not start it again. */
  release(): void;
}

const firstDelayMs = 100;
const longestDelayMs = 10_000;
/** Who ran for so long is not in a crash loop; who was killed did not crash. */
const settledMs = 30_000;
const settledWhenKilledMs = 1000;

/**
 * Starts the program, or takes over its process, and starts it again whenever it ends: at once, and later and later
 * (100 ms doubled up to 10 s) while it keeps ending young. Throws `process-start-failed` when the first start fails.
 */
export async function superviseProcess(options: SupervisionOptions): Promise<Supervision> {
  const supervisor = new Supervisor(options);
  await supervisor.begin();
  return supervisor;
}

class Supervisor implements Supervision {
  readonly #options: SupervisionOptions;
  record: ProcessRecord | undefined;
  #startedAt = 0;
  #delayMs = 0;
  #isStopped = false;
  #cancel: () => void = () => {};
  #starting: Promise<void> = Promise.resolve();

  constructor(options: SupervisionOptions) {
    this.#options = options;
  }

  async begin(): Promise<void> {
    const { adopt, processes, command } = this.#options;
    if (adopt !== undefined && processes.isRunning(adopt)) this.#keep(adopt);
    else this.#keep(await processes.start(command));
  }

  async stop(options: { readonly graceMs: number }): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#starting;
    if (this.record !== undefined) await this.#options.processes.stop(this.record, options);
    this.record = undefined;
  }

  release(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #keep(record: ProcessRecord): void {
    const { processes, clock, onStart } = this.#options;
    this.record = record;
    this.#startedAt = clock.monotonic();
    // Told in any case, so that it can be found and ended; not watched when it is about to be.
    onStart?.(record);
    if (!this.#isStopped) this.#cancel = processes.onExit(record, (exit) => this.#ended(record, exit));
  }

  #ended({ pid }: ProcessRecord, exit: ProcessExit): void {
    const { log, name, clock } = this.#options;
    if (this.#isStopped) return;
    this.record = undefined;
    const settled = exit.signal === 'SIGKILL' ? settledWhenKilledMs : settledMs;
    if (clock.monotonic() - this.#startedAt >= settled) this.#delayMs = 0;
    log.warn({ name, pid, ...exit, delayMs: this.#delayMs }, 'a process ended and is started again');
    this.#startLater();
  }

  #startLater(): void {
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(longestDelayMs, Math.max(firstDelayMs, delayMs * 2));
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#starting = this.#startAgain();
    });
  }

  async #startAgain(): Promise<void> {
    const { processes, command, again = command, log, name } = this.#options;
    try {
      this.#keep(await processes.start(again));
    } catch (thrown) {
      log.error({ name, error: messageOf(thrown) }, 'a process cannot be started again');
      if (!this.#isStopped) this.#startLater();
    }
  }
}
