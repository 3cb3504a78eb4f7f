import { servedResources } from './served.ts';
import type { Resource } from './resources.ts';
import type { KubernetesObject } from './types/meta.ts';

/** coordination.k8s.io/v1 Lease: who does something that only one may do, and until when. Times are MicroTime. */
export interface Lease extends KubernetesObject {
  spec: LeaseSpec;
}

export interface LeaseSpec {
  /** Empty when somebody gave it back. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** Where nodes have a Lease each, of their name: whoever watches over nodes takes one that is not renewed for gone. */
export const nodeLeaseNamespace = 'kube-node-lease';

export const leases = leaseResource();

function leaseResource(): Resource<Lease> {
  const found = servedResources.find(({ kind }) => kind === 'Lease');
  if (found === undefined) throw new Error('Leases are not served');
  // The table carries no types of kinds that the network does not interpret.
  return found as Resource<Lease>;
}

/** RFC 3339 with microseconds, as MicroTime wants it. */
export function microTime(now: number): string {
  return new Date(now).toISOString().replace(/Z$/, '000Z');
}
