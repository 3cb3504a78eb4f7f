import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { programFailure } from './foreground.ts';
import { insideCommand, type InsideOptions } from './run-inside.ts';

/** The two ends of a terminal, and how its size is set. */
export interface SessionTerminal {
  readonly master: number;
  /** Closed here once the program has it. */
  readonly terminal: number;
  resize(columns: number, rows: number): void;
}

export interface SessionOptions extends Omit<InsideOptions, 'stdio'> {
  /** The program's terminal; pipes when absent. */
  readonly terminal?: SessionTerminal;
}

/** A program that runs inside, for somebody who is elsewhere. */
export interface Session {
  readonly input: Writable;
  readonly output: Readable;
  /** Undefined with a terminal, which has one output. */
  readonly errors: Readable | undefined;
  /** The exit code as shells count, when the program has ended and its outputs have. */
  readonly ended: Promise<number>;
  resize(columns: number, rows: number): void;
  /** Ends the program and what it started, as a terminal that is hung up does, and then without asking. */
  end(): void;
}

/** How long a program may take to leave after its user has. */
const graceMs = 2000;

/** Of util-linux: the program dies with this process, however that ends (PR_SET_PDEATHSIG). */
const leash = 'setpriv';
const leashed = ['--pdeathsig', 'KILL'];

/** Starts a program in a network namespace. Throws as `runInside`. */
export async function startInside(options: SessionOptions): Promise<Session> {
  const { terminal, env } = options;
  const program = insideCommand(options, terminal !== undefined);
  const stdio: StdioOptions = terminal ? Array.from({ length: 3 }, () => terminal.terminal) : 'pipe';
  // A session of its own: it can be ended with all that it started, and may have a terminal.
  const child = spawn(leash, [...leashed, program.command, ...program.args], {
    env: { ...env },
    stdio,
    detached: true,
    cwd: '/',
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause: NodeJS.ErrnoException) => {
      if (terminal !== undefined) closeSync(terminal.master);
      reject(programFailure(program, cause));
    });
  }).finally(() => terminal && closeSync(terminal.terminal));
  return terminal === undefined ? withPipes(child) : withTerminal(child, terminal);
}

function withPipes(child: ChildProcess): Session {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('a pipe is missing');
  stdin.on('error', () => stdin.destroy());
  const ended = exitOf(child, 'close');
  return {
    input: stdin,
    output: stdout,
    errors: stderr,
    ended,
    resize() {},
    end: hangUp(child, ended),
  };
}

function withTerminal(child: ChildProcess, { master, ...terminal }: SessionTerminal): Session {
  const stream = new ReadStream(master);
  const drained = new Promise<void>((resolve) => void stream.once('close', resolve));
  // EIO: nobody has the terminal open any more.
  stream.on('error', () => stream.destroy());
  const ended = exitOf(child, 'exit').then((code) => drained.then(() => code));
  const leave = hangUp(child, exitOf(child, 'exit'));
  return {
    input: stream,
    output: stream,
    errors: undefined,
    ended,
    resize(columns, rows) {
      if (!stream.destroyed) terminal.resize(columns, rows);
    },
    end() {
      stream.destroy();
      leave();
    },
  };
}

/** `close` comes after the outputs have been read to their end. */
function exitOf(child: ChildProcess, event: 'exit' | 'close'): Promise<number> {
  return new Promise((resolve) => {
    child.once(event, (code: number | null, signal: NodeJS.Signals | null) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/**
 * Ends a program's group until `ended` says that nobody is left in it: a program may be gone while what it started still
 * holds its outputs, and as long as somebody is in the group its number is no other's.
 */
function hangUp({ pid }: ChildProcess, ended: Promise<number>): () => void {
  let isOver = false;
  let late: NodeJS.Timeout | undefined;
  void ended.finally(() => {
    isOver = true;
    clearTimeout(late);
  });
  const kill = (signal: NodeJS.Signals): void => {
    if (isOver || pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Who is left has a group of its own.
    }
  };
  return () => {
    if (isOver || late !== undefined) return;
    kill('SIGHUP');
    late = setTimeout(() => kill('SIGKILL'), graceMs);
  };
}
