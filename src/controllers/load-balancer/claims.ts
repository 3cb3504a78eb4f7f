import { loadBalancerResources } from '../../api/resources.ts';
import type { LoadBalancerAddress } from '../../api/types/load-balancer.ts';
import { apiCode } from '../../client/errors.ts';
import type { Client } from '../../client/port.ts';
import { claimNameOf } from '../../model/load-balancer/claim-name.ts';

/** Writes down who has which address, one object per address, so that two writers never give it to two Services. */
export interface Claims {
  /**
   * Makes the Service one of those that have the address: `made` when this call did, `there` when it was already.
   * `refused` when others have it whom `mayShareWith` does not admit, or when it is just being given back.
   */
  take(address: string, claim: Claim): Promise<'made' | 'there' | 'refused'>;
  /** Takes the Service out; the last one takes the object along. */
  release(address: string, service: string): Promise<void>;
}

export interface Claim {
  readonly service: string;
  readonly pool: string;
  /** Asked of every other Service that has the address. */
  readonly mayShareWith: (service: string) => boolean;
}

const resource = loadBalancerResources.loadbalanceraddresses;

/** What a conditional write is told that somebody else came before. */
const races = ['api-conflict', 'api-already-exists', 'api-not-found'];

/** How often a write is tried again that another one came before. */
const attempts = 5;

/** Every write is conditional: on there being no object, or on its being the one that was read. */
export function createClaims(client: Client): Claims {
  const take = async (address: string, claim: Claim): Promise<'made' | 'there' | 'refused'> => {
    const found = await client.get(resource, { name: claimNameOf(address) });
    if (found === undefined) {
      await orUnserved(client.create(resource, claimOf(address, claim)));
      return 'made';
    }
    const { services } = found.spec;
    if (services.includes(claim.service)) return 'there';
    // Who gives it back deletes it next, and must not take a new holder along.
    if (services.length === 0) return 'refused';
    const others = services.filter((service) => !claim.mayShareWith(service));
    if (others.length > 0) return 'refused';
    await client.update(resource, withServices(found, [...services, claim.service]));
    return 'made';
  };

  const release = async (address: string, service: string): Promise<void> => {
    const name = claimNameOf(address);
    const found = await client.get(resource, { name });
    if (found === undefined) return;
    const left = found.spec.services.filter((one) => one !== service);
    if (left.length < found.spec.services.length) await client.update(resource, withServices(found, left));
    if (left.length > 0 || found.status?.conflict !== undefined) return;
    const { uid } = found.metadata;
    await client.delete(resource, { name }, uid === undefined ? {} : { uid });
  };

  return {
    take: (address, claim) => retried(() => take(address, claim)),
    release: (address, service) => retried(() => release(address, service)),
  };
}

function claimOf(address: string, { service, pool }: Claim): LoadBalancerAddress {
  return {
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'LoadBalancerAddress',
    metadata: { name: claimNameOf(address) },
    spec: { address, pool, services: [service] },
  };
}

function withServices(claim: LoadBalancerAddress, services: readonly string[]): LoadBalancerAddress {
  return { ...claim, spec: { ...claim.spec, services: services.toSorted() } };
}

/** Somebody else wrote in between: what that was decides. */
async function retried<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (thrown) {
      const isRace = races.includes(apiCode(thrown) ?? '');
      if (!isRace || attempt === attempts) throw thrown;
    }
  }
}

/** A cluster that does not serve the kind has one writer at a time by its Lease alone. */
async function orUnserved(made: Promise<unknown>): Promise<void> {
  try {
    await made;
  } catch (thrown) {
    if (apiCode(thrown) !== 'api-not-found') throw thrown;
  }
}
