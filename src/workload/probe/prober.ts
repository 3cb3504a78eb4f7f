import type { Sockets } from '../../kernel/sockets/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import type { Denial, Probe, ProbeResult } from '../port.ts';
import { Attempt } from './attempt.ts';
import type { DenialSource } from './denial.ts';
import { createStepper, type Stepper } from './stepper.ts';
import { SourcePorts } from './source-ports.ts';
import type { Verdict } from './verdict.ts';

export interface ProberOptions {
  readonly sockets: Sockets;
  readonly denials: DenialSource;
  readonly clock: Clock;
  /** Where the source ports begin; a random place when absent, so that two processes seldom share one. */
  readonly firstSourcePort?: number;
}

interface ProbeOptions {
  /**
   * How long silence has to last: from the start of a UDP or SCTP probe, which repeats its packet meanwhile, and from
   * the last packet with a payload of a TCP probe. 1,000 when absent.
   */
  readonly timeoutMs?: number;
  /** How long evidence of a drop may come late, after that; 150 when absent. */
  readonly graceMs?: number;
  readonly signal?: AbortSignal;
}

interface ProbeAllOptions extends ProbeOptions {
  /** Probes under way at once; 64 when absent. */
  readonly concurrency?: number;
}

/** Sends real packets and says what came of them. */
export interface Prober {
  /**
   * Throws `netns-missing`, `probe-aborted`, and `socket-refused` or `socket-in-use` when no socket was to be had;
   * what the network does is never an error. A server that takes the connection and says nothing has answered.
   */
  probe(probe: Probe, options?: ProbeOptions): Promise<ProbeResult>;
  /** Results in the order of the probes. The first error ends all of them. */
  probeAll(probes: readonly Probe[], options?: ProbeAllOptions): Promise<ProbeResult[]>;
  /** Aborts what is running. */
  close(): void;
}

const socketProtocols = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;
const defaults = { timeoutMs: 1000, graceMs: 150, concurrency: 64 } as const;
/** A port of the range may belong to a program of that namespace; so many in a row do not. */
const mostPortsTried = 16;

/**
 * Probes whose source port is theirs alone, so that a logged packet is known at once for the probe's: the source
 * address may have been translated on the way, and the destination too.
 *
 * Sockets are stepped on timers, not through Node's own sockets: Node closes a descriptor on its first error, and
 * who sent an ICMP error is known only from the error queue behind it.
 */
export function createProber(options: ProberOptions): Prober {
  return new SocketProber(options);
}

class SocketProber implements Prober {
  readonly #sockets: Sockets;
  readonly #denials: DenialSource;
  readonly #clock: Clock;
  readonly #stepper: Stepper;
  readonly #ports: SourcePorts;
  /** What ends a running probe, by protocol and source port. */
  readonly #running = new Map<string, (verdict: Verdict) => void>();
  readonly #closed = new AbortController();
  /** Of `Attempt`: what was heard of SCTP probes where nobody answers it. */
  readonly #overheard = new Set<number>();
  #unsubscribe: (() => void) | undefined;

  constructor({ sockets, denials, clock, firstSourcePort }: ProberOptions) {
    this.#sockets = sockets;
    this.#denials = denials;
    this.#clock = clock;
    this.#stepper = createStepper(clock);
    this.#ports = new SourcePorts(firstSourcePort ?? Math.floor(Math.random() * 40_000));
  }

  async probe(probe: Probe, options: ProbeOptions = {}): Promise<ProbeResult> {
    this.#unsubscribe ??= this.#denials.subscribe((denial) => this.#deny(denial));
    await this.#denials.ready?.();
    const signal = AbortSignal.any([this.#closed.signal, ...(options.signal ? [options.signal] : [])]);
    if (signal.aborted) throw aborted(signal);
    const startedAt = this.#clock.monotonic();
    const opened = this.#open(probe);
    const verdict =
      opened === 'unroutable'
        ? ({ outcome: opened } as const)
        : await this.#run(opened, { ...options, signal });
    return { ...verdict, milliseconds: this.#clock.monotonic() - startedAt };
  }

  async probeAll(probes: readonly Probe[], options: ProbeAllOptions = {}): Promise<ProbeResult[]> {
    const failed = new AbortController();
    const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
    const results: ProbeResult[] = [];
    const waiting = probes.entries();
    const work = async (): Promise<void> => {
      for (const [index, probe] of waiting) results[index] = await this.probe(probe, { ...options, signal });
    };
    const workers = Math.min(probes.length, options.concurrency ?? defaults.concurrency);
    const all = Array.from({ length: workers }, work);
    try {
      await Promise.all(all);
    } catch (thrown) {
      failed.abort();
      await Promise.allSettled(all);
      throw thrown;
    }
    return results;
  }

  close(): void {
    this.#closed.abort();
    this.#unsubscribe?.();
  }

  #open(probe: Probe): Opened | 'unroutable' {
    for (let tries = 1; ; tries++) {
      const port = this.#ports.take();
      if (port === undefined) throw new WeftError('socket-in-use', 'every source port is taken by a probe');
      try {
        const fd = this.#connect(probe, port);
        const sent = { ...probe, sourcePort: port };
        const attempt = new Attempt(this.#sockets, sent, { fd, overheard: this.#overheard });
        return { attempt, port, key: keyOf(probe.protocol, port) };
      } catch (thrown) {
        this.#ports.release(port);
        if (!(thrown instanceof WeftError)) throw thrown;
        if (thrown.code === 'socket-unreachable') return 'unroutable';
        if (thrown.code !== 'socket-in-use' || tries === mostPortsTried) throw thrown;
      }
    }
  }

  #connect({ netns, protocol, address, port, sourceAddress }: Probe, sourcePort: number): number {
    return this.#sockets.connect(netns, {
      protocol: socketProtocols[protocol],
      address,
      port,
      sourcePort,
      ...(sourceAddress === undefined ? {} : { sourceAddress }),
    });
  }

  async #run(
    { attempt, port, key }: Opened,
    options: ProbeOptions & { signal: AbortSignal },
  ): Promise<Verdict> {
    const { signal } = options;
    const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
    const abort = (): void => reject(aborted(signal));
    const patience = createPatience(attempt, this.#clock.monotonic(), options);
    const stop = this.#stepper.add((now) => {
      try {
        const verdict = attempt.step(now) ?? patience(now);
        if (verdict !== undefined) resolve(verdict);
      } catch (thrown) {
        reject(thrown);
      }
    });
    signal.addEventListener('abort', abort);
    this.#running.set(key, resolve);
    try {
      return await promise;
    } finally {
      this.#running.delete(key);
      signal.removeEventListener('abort', abort);
      stop();
      attempt.close();
      this.#ports.release(port);
    }
  }

  #deny(denial: Denial): void {
    this.#running.get(keyOf(denial.protocol, denial.sourcePort))?.({ outcome: 'denied', denial });
  }
}

interface Opened {
  readonly attempt: Attempt;
  readonly port: number;
  readonly key: string;
}

const keyOf = (protocol: Denial['protocol'], sourcePort: number): string => `${protocol} ${sourcePort}`;

/** Tells when an attempt has been silent for long enough, and what that means. */
function createPatience(
  attempt: Attempt,
  startedAt: number,
  options: ProbeOptions,
): (now: number) => Verdict | undefined {
  const { timeoutMs = defaults.timeoutMs, graceMs = defaults.graceMs } = options;
  return (now) => {
    const silentMs = now - Math.max(startedAt, attempt.acceptedAt ?? startedAt);
    if (silentMs < timeoutMs) return undefined;
    if (attempt.acceptedAt !== undefined) return { outcome: 'answered' };
    return silentMs < timeoutMs + graceMs ? undefined : attempt.silence;
  };
}

function aborted(signal: AbortSignal): WeftError {
  return new WeftError('probe-aborted', 'the probe was ended before it was decided', {
    cause: signal.reason,
  });
}
