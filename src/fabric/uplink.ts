import type { Clock } from '../lib/clock.ts';
import { messageOf, WeftError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import type { RouteNetlink, RouteOperation } from '../kernel/route/port.ts';
import { uplinkEnds } from '../plan/links/uplink.ts';

/** The cable from a further cluster's switch to that of its lab's first one. */
export interface Uplink {
  /** Plugs it in where it is not. While the other switch is not there it is tried again, each second. */
  join(): void;
  stop(): void;
}

export interface UplinkOptions {
  readonly route: RouteNetlink;
  /** The other switch's namespace is somebody else's: it may be gone, and be another one under the same name. */
  readonly namespaces: Pick<NetworkNamespaces, 'release'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Pins' names of both switches' namespaces. */
  readonly own: string;
  readonly other: string;
  /** Which cluster of its lab it is. */
  readonly ordinal: number;
}

const retryMs = 1000;

export function createUplink(options: UplinkOptions): Uplink {
  const { route, namespaces, clock, log, own, other } = options;
  const { near, far } = uplinkEnds(options);
  let cancel = (): void => {};
  let isTold = false;

  const isPlugged = (): boolean =>
    route.dump(own).links.get(near.name)?.master === near.master &&
    route.dump(other).links.get(far.name)?.master === far.master;

  const plug = (): void => {
    if (isPlugged()) return;
    apply(route, own, [
      { action: 'delete-link', name: near.name },
      { action: 'add-link', link: near },
    ]);
    apply(route, other, [{ action: 'set-link', link: far }]);
    log.info({ to: other }, 'the cluster is on the network of its lab');
  };

  const join = (): void => {
    cancel();
    try {
      plug();
      isTold = false;
    } catch (error) {
      if (!isTold) log.warn({ error: messageOf(error) }, "the lab's network cannot be reached");
      isTold = true;
      cancel = clock.after(retryMs, join);
    } finally {
      // An open descriptor would keep a switch that its own cluster has lost, and the cable to it: nobody would notice.
      route.forget(other);
      namespaces.release(other);
    }
  };

  return { join, stop: () => cancel() };
}

function apply(route: RouteNetlink, netns: string, operations: readonly RouteOperation[]): void {
  const [failure] = route.apply(netns, operations);
  if (failure === undefined) return;
  throw new WeftError('fabric-failed', `${netns}: ${failure.operation.action}: ${failure.message}`, {
    fault: 'environment',
  });
}
