import { leases, microTime, nodeLeaseNamespace, type LeaseSpec } from '../api/lease.ts';
import { apiCode } from '../client/errors.ts';
import type { Client } from '../client/port.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';

/** The Leases by which nodes say that they are alive. */
export interface NodeLeases {
  /** These nodes' are kept from now on, and no others'. */
  follow(nodes: { keys(): Iterable<string>; has(node: string): boolean }): void;
  stop(): void;
}

export interface NodeLeasesOptions {
  /** Acts as a node. */
  readonly clientOf: (node: string) => Client;
  readonly clock: Clock;
  readonly log: Log;
}

/** The times of a kubelet. */
const renewMs = 10_000;
const leaseSeconds = 40;

export function createNodeLeases({ clientOf, clock, log }: NodeLeasesOptions): NodeLeases {
  const kept = new Map<string, () => void>();

  const renew = async (node: string): Promise<void> => {
    const metadata = { name: node, namespace: nodeLeaseNamespace };
    const spec: LeaseSpec = {
      holderIdentity: node,
      leaseDurationSeconds: leaseSeconds,
      renewTime: microTime(clock.now()),
    };
    const client = clientOf(node);
    try {
      await client.patch(leases, metadata, { body: { spec } });
    } catch (thrown) {
      if (apiCode(thrown) !== 'api-not-found') throw thrown;
      await client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
    }
  };

  /** What fails is tried again in its next turn: a Lease outlives three of them. */
  const turn = (node: string): void => {
    renew(node).catch((thrown: unknown) => {
      log.debug({ node, error: messageOf(thrown) }, 'the Lease of a node could not be renewed');
    });
    kept.set(
      node,
      clock.after(renewMs, () => turn(node)),
    );
  };

  const drop = (node: string): void => {
    kept.get(node)?.();
    kept.delete(node);
  };

  return {
    follow(nodes) {
      for (const node of kept.keys()) if (!nodes.has(node)) drop(node);
      for (const node of nodes.keys()) if (!kept.has(node)) turn(node);
    },
    stop() {
      for (const node of kept.keys()) drop(node);
    },
  };
}
