import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Where connections go. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Connections that were opened one after the other. */
export interface Connects {
  readonly perSecond: number;
  /** Milliseconds from the call to the handshake's end, of each. */
  readonly latencies: readonly number[];
}

/** What a program in a namespace is told to do. */
export type Order =
  | { readonly do: 'serve'; readonly port: number }
  | { readonly do: 'send'; readonly target: Target; readonly forMs: number }
  | ({ readonly do: 'open'; readonly target: Target } & Opening);

export interface Opening {
  readonly forMs: number;
  readonly atOnce: number;
  /** A byte is sent on each, and one comes back. */
  readonly asks?: boolean;
}

/** A program inside a network namespace that sends as fast as it can, or receives. */
export interface TrafficProgram {
  /** Listens on every address from then on. */
  serve(port: number): Promise<void>;
  /** Bytes a second of one TCP connection. */
  send(target: Target, forMs: number): Promise<number>;
  open(target: Target, options: Opening): Promise<Connects>;
  close(): void;
}

const program = fileURLToPath(new URL('./traffic-child.ts', import.meta.url));

/** Starts one in the namespace of which this is a path, with the kernel's own sockets and nothing of ours. */
export function startTraffic(namespacePath: string): TrafficProgram {
  const child = fork(program, {
    execPath: 'nsenter',
    execArgv: [`--net=${namespacePath}`, process.execPath],
    serialization: 'advanced',
  });
  return {
    serve: async (port) => void (await ask(child, { do: 'serve', port })),
    send: async (target, forMs) => (await ask(child, { do: 'send', target, forMs })) as number,
    open: async (target, options) => (await ask(child, { do: 'open', target, ...options })) as Connects,
    close: () => child.disconnect(),
  };
}

async function ask(child: ChildProcess, order: Order): Promise<unknown> {
  const decided = new AbortController();
  const { signal } = decided;
  child.send(order);
  try {
    const [answer] = (await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => [{ error: `it ended with ${String(code)}` }]),
    ])) as [{ readonly result?: unknown; readonly error?: string }];
    if (answer.error !== undefined) throw new Error(`traffic: ${answer.error}`);
    return answer.result;
  } finally {
    decided.abort();
  }
}
