import { parsePrefix } from '../../lib/prefix.ts';
import { parseAddress, type Family } from '../../lib/address.ts';
import { resources } from '../../api/resources.ts';
import { arrayAt, sameJson, textAt, valueAt, type StoredObject } from '../json.ts';
import { invalid, invalidValue, type StatusCause } from '../status.ts';
import type { ServiceContext, ServiceDraft } from './service-draft.ts';

type Spec = Record<string, unknown>;

/**
 * The address families of a Service, its first one first (upstream `initIPFamilyFields`, KEP-563). Between one
 * and two it changes only when `ipFamilyPolicy` says so. A secondary address that the policy gives up is taken
 * from `clusterIPs`. Throws 422 naming every field that cannot be as asked.
 */
export function settleFamilies(context: ServiceContext, draft: ServiceDraft): Family[] {
  const { spec, previous } = draft;
  const before = previous === undefined ? undefined : valueAt(previous, ['spec']);
  if (keepsPreferred(spec, before)) return familiesOf(spec);
  const available = familiesOfCluster(context);
  if (textAt(spec, ['ipFamilyPolicy']) === 'SingleStack') releaseSecondary(spec, before);
  else refuse(draft, reductionProblems(spec, before));
  refuse(draft, [...policyProblems(spec), ...inferFamilies(spec, available)]);
  const isFree = isLeftToPeople(spec);
  if (!isFree) refuse(draft, availabilityProblems(spec, available));
  const families = familiesOf(spec);
  const [first = available[0] ?? 'IPv4', second] = families;
  if (second !== undefined) return families;
  const wantsBoth = textAt(spec, ['ipFamilyPolicy']) !== 'SingleStack';
  return wantsBoth && (isFree || available.length === 2) ? [first, other(first)] : [first];
}

/** Whoever writes the endpoints of such a Service knows their families; the cluster's ranges do not matter. */
function isLeftToPeople(spec: Spec): boolean {
  const selector = valueAt(spec, ['selector']) ?? {};
  return textAt(spec, ['clusterIP']) === 'None' && Object.keys(selector).length === 0;
}

function familiesOfCluster(context: ServiceContext): Family[] {
  return [...new Set(context.cidrs.map((cidr) => parsePrefix(cidr)?.family ?? 'IPv4'))];
}

const other = (family: Family): Family => (family === 'IPv4' ? 'IPv6' : 'IPv4');

function familiesOf(spec: unknown): Family[] {
  return arrayAt(spec, ['ipFamilies']).filter((it) => it === 'IPv4' || it === 'IPv6');
}

function addresses(spec: unknown): readonly unknown[] {
  return arrayAt(spec, ['clusterIPs']);
}

/** A preference is not acted on again when the cluster has changed: only a new wish is. */
function keepsPreferred(spec: Spec, before: unknown): boolean {
  const prefers = (one: unknown): boolean => textAt(one, ['ipFamilyPolicy']) === 'PreferDualStack';
  return (
    prefers(spec) &&
    prefers(before) &&
    familiesOf(spec).length > 0 &&
    sameJson(addresses(spec), addresses(before)) &&
    sameJson(familiesOf(spec), familiesOf(before))
  );
}

function releaseSecondary(spec: Spec, before: unknown): void {
  if (before === undefined) return;
  if (sameJson(addresses(spec), addresses(before))) spec['clusterIPs'] = addresses(spec).slice(0, 1);
  if (sameJson(familiesOf(spec), familiesOf(before))) spec['ipFamilies'] = familiesOf(spec).slice(0, 1);
}

/** One of two addresses or families is left out, and the policy does not say that it may go. */
function reductionProblems(spec: Spec, before: unknown): StatusCause[] {
  const isReduced = (now: readonly unknown[], old: readonly unknown[]): boolean =>
    now.length === 1 && old.length === 2 && now[0] === old[0];
  const problem = (what: string): StatusCause =>
    invalidValue('spec.ipFamilyPolicy', spec['ipFamilyPolicy'], `must be 'SingleStack' to release ${what}`);
  return [
    ...(isReduced(addresses(spec), addresses(before)) ? [problem('the secondary cluster IP')] : []),
    ...(isReduced(familiesOf(spec), familiesOf(before)) ? [problem('the secondary IP family')] : []),
  ];
}

function policyProblems(spec: Spec): StatusCause[] {
  if (textAt(spec, ['ipFamilyPolicy']) !== 'SingleStack') return [];
  const problem = (what: string): StatusCause =>
    invalidValue(
      'spec.ipFamilyPolicy',
      'SingleStack',
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [
    ...(addresses(spec).length === 2 ? [problem('cluster IPs')] : []),
    ...(familiesOf(spec).length === 2 ? [problem('IP families')] : []),
  ];
}

/** A given address says which family is meant. */
function inferFamilies(spec: Spec, available: readonly Family[]): StatusCause[] {
  const families = familiesOf(spec);
  const problems: StatusCause[] = [];
  for (const [i, address] of addresses(spec).entries()) {
    const family = typeof address === 'string' ? parseAddress(address)?.family : undefined;
    if (family === undefined || i < families.length) continue;
    if (available.includes(family)) families.push(family);
    else {
      const why = `${family} is not configured on this cluster`;
      problems.push(invalidValue(`spec.clusterIPs[${i}]`, addresses(spec), why));
    }
  }
  spec['ipFamilies'] = families;
  return problems;
}

function availabilityProblems(spec: Spec, available: readonly Family[]): StatusCause[] {
  const missing = familiesOf(spec).flatMap((family, i) =>
    available.includes(family)
      ? []
      : [invalidValue(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster')],
  );
  if (textAt(spec, ['ipFamilyPolicy']) !== 'RequireDualStack' || available.length === 2) return missing;
  const why = 'this cluster is not configured for dual-stack services';
  return [invalidValue('spec.ipFamilyPolicy', 'RequireDualStack', why), ...missing];
}

/** 422 when there is any problem. */
export function refuse({ service }: { service: StoredObject }, causes: readonly StatusCause[]): void {
  if (causes.length > 0) throw invalid(resources.services, service.metadata.name, causes);
}
