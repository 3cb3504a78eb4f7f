import { allocateClusterIP } from '../../api/allocation.ts';
import { resources } from '../../api/resources.ts';
import { parseAddress, type Family } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { arrayAt, textAt, type StoredObject } from '../json.ts';
import { invalid, invalidValue, StatusError } from '../status.ts';
import type { ServiceContext, ServiceDraft } from './service-draft.ts';
import { addressesOf } from './service-index.ts';

/** Sets `clusterIP` and `clusterIPs` of a draft. Throws 422 for what cannot be had, 500 when the range is full. */
export function allocateAddresses(context: ServiceContext, draft: ServiceDraft): void {
  const { spec, service, previous } = draft;
  if (spec['type'] === 'ExternalName') {
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) delete spec[field];
    return;
  }
  if (previous !== undefined) requireUnchanged(service, previous);
  const families = familiesOf(context, spec);
  spec['ipFamilies'] = families;
  spec['ipFamilyPolicy'] ??= families.length > 1 ? 'RequireDualStack' : 'SingleStack';
  if (textAt(spec, ['clusterIP']) === 'None') {
    spec['clusterIPs'] = ['None'];
    return;
  }
  const addresses = addressesFor(context, draft, families);
  spec['clusterIP'] = addresses[0];
  spec['clusterIPs'] = addresses;
}

/** An address, or being headless, may not change while a Service has one. */
function requireUnchanged(service: StoredObject, previous: StoredObject): void {
  const [before, after] = [textAt(previous, ['spec', 'clusterIP']), textAt(service, ['spec', 'clusterIP'])];
  if (before === '' || before === after) return;
  const cause = invalidValue('spec.clusterIPs[0]', [after], 'may not change once set');
  throw invalid(resources.services, service.metadata.name, [cause]);
}

/** The families that the Service asks for, as far as the cluster has them. */
function familiesOf(context: ServiceContext, spec: Record<string, unknown>): Family[] {
  const available = context.cidrs.map((cidr) => parsePrefix(cidr)?.family ?? 'IPv4');
  const given = textAt(spec, ['clusterIP']);
  const first = parseAddress(given)?.family;
  const asked = arrayAt(spec, ['ipFamilies']).filter((it) => it === 'IPv4' || it === 'IPv6');
  const policy = textAt(spec, ['ipFamilyPolicy']);
  const wanted = asked.length > 0 ? asked : first !== undefined ? [first] : available.slice(0, 1);
  if (policy !== 'PreferDualStack' && policy !== 'RequireDualStack') return wanted;
  return [...wanted, ...available.filter((family) => !wanted.includes(family))];
}

function addressesFor(context: ServiceContext, draft: ServiceDraft, families: readonly Family[]): string[] {
  const given = addressesOf(draft.service);
  const ranges = families.map((family) => rangeFor(context, draft, family));
  return ranges.map((cidr, i) => {
    const address = given[i];
    if (address === undefined) return freeAddress(context, draft, cidr);
    requireFree(context, draft, { address, cidr, index: i });
    return address;
  });
}

function rangeFor(context: ServiceContext, draft: ServiceDraft, family: Family): string {
  const cidr = context.cidrs.find((it) => parsePrefix(it)?.family === family);
  if (cidr !== undefined) return cidr;
  const cause = invalidValue('spec.ipFamilies[0]', family, 'not configured on this cluster');
  throw invalid(resources.services, draft.service.metadata.name, [cause]);
}

function freeAddress(context: ServiceContext, draft: ServiceDraft, cidr: string): string {
  const address = allocateClusterIP(cidr, context.index.taken, draft.key);
  if (address !== undefined) return address;
  const why = `failed to allocate a serviceIP: range ${cidr} is full`;
  throw new StatusError(500, 'InternalError', `Internal error occurred: ${why}`, {});
}

function requireFree(
  context: ServiceContext,
  draft: ServiceDraft,
  asked: { address: string; cidr: string; index: number },
): void {
  const { address, cidr, index } = asked;
  const holder = context.index.addresses.get(address);
  if (holder === draft.key) return;
  const [parsed, prefix] = [parseAddress(address), parsePrefix(cidr)];
  const inRange = parsed !== undefined && prefix !== undefined && contains(prefix, parsed);
  if (inRange && holder === undefined) return;
  const why = inRange
    ? `failed to allocate IP ${address}: provided IP is already allocated`
    : `failed to allocate IP ${address}: the provided IP is not in the valid range. The range of valid IPs is ${cidr}`;
  const cause = invalidValue('spec.clusterIPs', addressesOf(draft.service), why);
  throw invalid(resources.services, draft.service.metadata.name, [
    index === 0 ? cause : { ...cause, field: `spec.clusterIPs[${index}]` },
  ]);
}
