import type { Server } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Inside, ListeningAddress } from '../../workload/streams/inside.ts';

/** A server that is to listen on a node. */
export interface WantedServer extends ListeningAddress {
  /** Made when it is opened. */
  readonly make: () => StoppableServer;
}

export interface StoppableServer {
  readonly server: Server;
  /** Ends its connections too. */
  close(): unknown;
}

/** Servers of this process inside one node's namespace. */
export interface NodeServers {
  /** Replaces the servers of an owner: those that stay, by address and port, are not touched. */
  set(owner: string, wanted: readonly WantedServer[]): void;
  /** Ends all of them. */
  stop(): void;
}

export interface NodeServersOptions {
  readonly inside: Pick<Inside, 'listen'>;
  readonly netns: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** When an address that was taken is tried again. */
const retryMs = 1_000;

export function createNodeServers({ inside, netns, clock, log }: NodeServersOptions): NodeServers {
  const wantedBy = new Map<string, ReadonlyMap<string, WantedServer>>();
  const open = new Map<string, { readonly owner: string; readonly running: StoppableServer }>();
  /** What could not listen, with why: it is told once. */
  const failing = new Map<string, string>();
  /** What several owners want: the next one gets it when the first lets go. */
  const contested = new Set<string>();
  let cancelRetry: (() => void) | undefined;

  const start = (owner: string, name: string, { make, ...at }: WantedServer): void => {
    const running = make();
    // Accepting fails for a moment when descriptors run out; the listener stays.
    running.server.on('error', (error) => log.debug({ netns, ...at, error: messageOf(error) }, 'a server'));
    try {
      inside.listen(netns, at, running.server);
      open.set(name, { owner, running });
      failing.delete(name);
    } catch (error) {
      const why = messageOf(error);
      if (failing.get(name) !== why) log.warn({ netns, for: owner, error: why }, 'a node cannot listen');
      failing.set(name, why);
      cancelRetry ??= clock.after(retryMs, retry);
    }
  };

  const openMissing = (owner: string, wanted: ReadonlyMap<string, WantedServer>): void => {
    for (const [name, server] of wanted) {
      const holder = open.get(name)?.owner;
      if (holder === undefined) start(owner, name, server);
      else if (holder !== owner) contested.add(name);
    }
  };

  const retry = (): void => {
    cancelRetry = undefined;
    for (const [owner, wanted] of wantedBy) openMissing(owner, wanted);
  };

  const close = (name: string): void => {
    void open.get(name)?.running.close();
    open.delete(name);
    if (contested.delete(name)) cancelRetry ??= clock.after(retryMs, retry);
  };

  return {
    set(owner, servers) {
      const wanted = new Map(servers.map((server) => [`${server.address} ${server.port}`, server]));
      for (const name of wantedBy.get(owner)?.keys() ?? []) {
        if (wanted.has(name)) continue;
        failing.delete(name);
        if (open.get(name)?.owner === owner) close(name);
      }
      if (wanted.size === 0) wantedBy.delete(owner);
      else wantedBy.set(owner, wanted);
      openMissing(owner, wanted);
    },
    stop() {
      cancelRetry?.();
      wantedBy.clear();
      for (const name of open.keys()) close(name);
    },
  };
}
