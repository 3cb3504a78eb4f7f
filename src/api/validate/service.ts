import { parseAddress } from '../../lib/address.ts';
import type { Service, ServiceSpec } from '../types/core.ts';
import { checkAddress, checkLabels, checkOrdinaryAddress, checkSyntax } from './checks.ts';
import { dnsSubdomain } from './names.ts';
import { duplicate, forbidden, invalid, notSupported, required, type FieldProblem } from './problem.ts';
import { removedEndpointsProblems } from './removed-endpoints.ts';
import { loadBalancerProblems } from './service-load-balancer.ts';
import { isHeadless, servicePortsProblems, type ServiceType } from './service-ports.ts';

/** Rules for Services (core validation `validateService`). */
export function serviceProblems(service: Service): FieldProblem[] {
  const spec: ServiceSpec = service.spec ?? {};
  const type = spec.type ?? 'ClusterIP';
  return [
    ...topologyProblems(service.metadata.annotations ?? {}),
    ...removedEndpointsProblems(service.metadata.annotations ?? {}),
    ...servicePortsProblems(spec, type),
    ...(type === 'ExternalName' ? externalNameProblems(spec) : clusterIPProblems(spec, type)),
    ...checkLabels('spec.selector', spec.selector),
    ...affinityProblems(spec),
    ...externalProblems(spec, type),
    ...loadBalancerProblems(service, type),
    ...distributionProblems(spec),
    ...(type === 'ExternalName' ? [] : familyProblems(spec)),
  ];
}

const topologyHints = 'service.kubernetes.io/topology-aware-hints';
const topologyMode = 'service.kubernetes.io/topology-mode';

/** Two annotations say the same, one of them for older clients. */
function topologyProblems(annotations: Readonly<Record<string, string>>): FieldProblem[] {
  const [hints, mode] = [annotations[topologyHints], annotations[topologyMode]];
  if (hints === undefined || mode === undefined || hints === mode) return [];
  const detail = `must match annotations[${topologyHints}] when both are specified`;
  return [invalid(`metadata.annotations[${topologyMode}]`, mode, detail)];
}

/** KEP-3015. */
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

function distributionProblems({ trafficDistribution }: ServiceSpec): FieldProblem[] {
  if (trafficDistribution === undefined || distributions.includes(trafficDistribution)) return [];
  return [notSupported('spec.trafficDistribution', trafficDistribution, distributions)];
}

function externalNameProblems(spec: ServiceSpec): FieldProblem[] {
  const { externalName = '', clusterIP = '', clusterIPs = [] } = spec;
  const detail = 'may not be set for ExternalName services';
  const problems: FieldProblem[] = [];
  if (clusterIP !== '' || clusterIPs.length > 0) problems.push(forbidden('spec.clusterIPs', detail));
  for (const field of ['ipFamilies', 'ipFamilyPolicy'] as const) {
    if (spec[field] !== undefined && spec[field].length > 0)
      problems.push(forbidden(`spec.${field}`, detail));
  }
  // One dot at the end only says that the name is complete.
  const name = externalName.replace(/\.$/, '');
  if (name === '') return [...problems, required('spec.externalName')];
  return [...problems, ...checkSyntax('spec.externalName', externalName, () => dnsSubdomain(name))];
}

function clusterIPProblems(spec: ServiceSpec, type: ServiceType): FieldProblem[] {
  const { clusterIP = '' } = spec;
  const addresses = addressesOf(spec);
  const problems: FieldProblem[] = [];
  if (isHeadless(spec) && type !== 'ClusterIP')
    problems.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`));
  if (addresses[0] !== undefined && addresses[0] !== clusterIP)
    problems.push(invalid('spec.clusterIPs', addresses, 'first value must match `clusterIP`'));
  if (addresses.length > 2)
    problems.push(invalid('spec.clusterIPs', addresses, 'may only hold up to 2 values'));
  if (addresses[0] === 'None' && addresses.length > 1)
    problems.push(invalid('spec.clusterIPs', addresses, "'None' must be the first and only value"));
  const ofEach = addresses.flatMap((address, i) =>
    i === 0 && address === 'None' ? [] : checkAddress(`spec.clusterIPs[${i}]`, address),
  );
  return [...problems, ...ofEach];
}

/** Those who know only `clusterIP` mean the first of `clusterIPs`. */
function addressesOf({ clusterIP = '', clusterIPs = [] }: ServiceSpec): readonly string[] {
  return clusterIPs.length === 0 && clusterIP !== '' ? [clusterIP] : clusterIPs;
}

function affinityProblems(spec: ServiceSpec): FieldProblem[] {
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  // Without affinity its configuration counts for nothing; defaulting drops it.
  if (spec.sessionAffinity !== 'ClientIP' || seconds === undefined) return [];
  if (seconds > 0 && seconds <= 86400) return [];
  const path = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
  return [invalid(path, seconds, 'must be greater than 0 and less than or equal to 86400')];
}

function externalProblems(spec: ServiceSpec, type: ServiceType): FieldProblem[] {
  const { externalIPs = [], externalTrafficPolicy } = spec;
  const problems = externalIPs.flatMap((address, i) =>
    checkOrdinaryAddress(`spec.externalIPs[${i}]`, address),
  );
  const isExternal =
    type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0);
  if (externalTrafficPolicy === undefined || isExternal) return problems;
  const detail = 'may only be set for externally-accessible services';
  return [...problems, invalid('spec.externalTrafficPolicy', externalTrafficPolicy, detail)];
}

/** Each family once, and each address of the family that stands at its place. */
function familyProblems(spec: ServiceSpec): FieldProblem[] {
  const { ipFamilies = [] } = spec;
  const addresses = addressesOf(spec);
  const repeated = ipFamilies.flatMap((family, index) =>
    ipFamilies.indexOf(family) < index ? [duplicate(`spec.ipFamilies[${index}]`, family)] : [],
  );
  const kinds = addresses.map((address) => parseAddress(address)?.family);
  const different = kinds.flatMap((family, i) => {
    const wanted = ipFamilies[i];
    if (family === undefined || wanted === undefined || family === wanted) return [];
    const detail = `expected an ${wanted} value as indicated by \`ipFamilies[${i}]\``;
    return [invalid(`spec.clusterIPs[${i}]`, addresses[i], detail)];
  });
  const seen = kinds.filter((family) => family !== undefined);
  if (seen.length > new Set(seen).size) {
    const detail = 'may specify no more than one IP for each IP family';
    different.push(invalid('spec.clusterIPs', addresses, detail));
  }
  return [...repeated, ...different];
}
