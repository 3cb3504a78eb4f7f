import { loadBalancerResources } from '../../api/resources.ts';
import type { LoadBalancerAddress } from '../../api/types/load-balancer.ts';
import { claimNameOf } from '../../model/load-balancer/claim-name.ts';
import { done, type Outcome } from '../../reconcile/outcome.ts';
import type { Reconciler } from '../../reconcile/reconciler.ts';
import { reconcilerFor, type ControllerContext } from '../controller.ts';
import { indexOf } from '../index-of.ts';
import { enqueueChanges } from '../status.ts';

/** The claims that the API tells of, some of them from before this process. */
export interface FollowedClaims {
  readonly synced: Promise<void>;
  /** Clears away claims that nobody holds any more. */
  readonly reconciler: Reconciler;
  addressesOf(service: string): readonly string[];
  /** Milliseconds since the claim on an address was seen to change; since ever where there is none. */
  ageOf(address: string): number;
  /** Whether a machine outside the cluster answered for the address. */
  isForeign(address: string): boolean;
  /** Returns how to end it. */
  follow(): () => void;
}

/** How long an address is left alone that a machine outside the cluster answered for. */
const conflictMs = 600_000;

/** `look` is asked to look at a Service of which a claim changed. */
export function followClaims(
  context: ControllerContext,
  { look }: { look: (service: string) => void },
): FollowedClaims {
  const { client, clock, events } = context;
  const resource = loadBalancerResources.loadbalanceraddresses;
  const objects = client.informer(resource);
  const changedAt = new Map<string, number>();
  const byService = indexOf(objects, ({ spec }) => spec.services);

  /** Milliseconds until an address is worth a try again; 0 where nobody else has it. */
  const conflictLeft = (claim: LoadBalancerAddress | undefined): number => {
    const { conflict } = claim?.status ?? {};
    const since = conflict === undefined ? Number.NaN : Date.parse(conflict.time);
    return Number.isNaN(since) ? 0 : Math.max(0, since + conflictMs - clock.now());
  };

  async function reconcile(name: string): Promise<Outcome> {
    const claim = objects.get(name);
    if (claim === undefined) return done;
    for (const service of claim.spec.services) look(service);
    const left = conflictLeft(claim);
    if (left > 0) return { kind: 'wait', afterMs: left };
    if (claim.spec.services.length > 0) return done;
    const { uid } = claim.metadata;
    await client.delete(resource, { name }, uid === undefined ? {} : { uid });
    return done;
  }

  const reconciler = reconcilerFor(context, 'load-balancer-claims', reconcile);
  return {
    synced: objects.synced,
    reconciler,
    addressesOf: (service) => byService.get(service).map(({ spec }) => spec.address),
    ageOf: (address) => clock.monotonic() - (changedAt.get(claimNameOf(address)) ?? Number.NEGATIVE_INFINITY),
    isForeign: (address) => conflictLeft(objects.get(claimNameOf(address))) > 0,
    follow() {
      const ends = [
        enqueueChanges(objects, (name) => reconciler.enqueue(name)),
        objects.onChange(({ key, previous, current }) => {
          if (current === undefined) changedAt.delete(key);
          else changedAt.set(key, clock.monotonic());
          const conflict = current?.status?.conflict;
          if (current === undefined || conflict === undefined || previous?.status?.conflict !== undefined)
            return;
          events.warn(current, 'AddressConflict', `${conflict.mac} answers for ${current.spec.address}`);
        }),
        () => byService.end(),
      ];
      return () => {
        for (const end of ends) end();
      };
    },
  };
}
