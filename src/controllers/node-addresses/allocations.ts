import { addressResources } from '../../api/resources.ts';
import type { SubnetAllocation } from '../../api/types/address.ts';
import { apiCode } from '../../client/errors.ts';
import type { Client } from '../../client/port.ts';
import { sameJson } from '../../lib/same-json.ts';
import { formatPrefix } from '../../lib/prefix.ts';
import type { PodSubnet } from '../../model/addressing/pod-subnets.ts';
import { formatShares, type Share } from '../../model/addressing/shares.ts';

const resource = addressResources.subnetallocations;

/** Name of the object that says who has which addresses of a subnet. */
export function allocationName({ id }: PodSubnet): string {
  return id.replace('/', '.');
}

/** As the API has it now, for a cache may be behind; made where there is none. */
export async function readAllocation(client: Client, subnet: PodSubnet): Promise<SubnetAllocation> {
  const name = allocationName(subnet);
  const found = await client.get(resource, { name });
  if (found !== undefined) return found;
  try {
    return await client.create(resource, {
      apiVersion: 'weft.dev/v1alpha1',
      kind: 'SubnetAllocation',
      metadata: { name },
      spec: { prefix: formatPrefix(subnet.prefix), nodes: [] },
    });
  } catch (thrown) {
    const made = apiCode(thrown) === 'api-already-exists' ? await client.get(resource, { name }) : undefined;
    if (made === undefined) throw thrown;
    return made;
  }
}

/** Writes down what is to be, where that differs. Rejects with `api-conflict` when somebody else wrote before. */
export async function writeAllocation(
  client: Client,
  before: SubnetAllocation,
  { subnet, shares }: { readonly subnet: PodSubnet; readonly shares: Iterable<Share> },
): Promise<void> {
  const spec = { prefix: formatPrefix(subnet.prefix), nodes: formatShares(shares) };
  if (!sameJson(before.spec, spec)) await client.update(resource, { ...before, spec });
}
