import type { Service, ServiceSpec } from '../types/core.ts';
import { checkAddress, checkCidr, checkSyntax } from './checks.ts';
import { dnsSubdomain, isAddressText, qualifiedName } from './names.ts';
import { forbidden, invalid, notSupported, type FieldProblem } from './problem.ts';
import { checkNodePort, type ServiceType } from './service-ports.ts';

const onlyForLoadBalancers = "may only be used when `type` is 'LoadBalancer'";

/** Rules for the fields of a Service that are for load balancers (core validation `validateService`). */
export function loadBalancerProblems(service: Service, type: ServiceType): FieldProblem[] {
  const spec: ServiceSpec = service.spec ?? {};
  const { allocateLoadBalancerNodePorts, loadBalancerClass } = spec;
  const problems: FieldProblem[] = [];
  if (type === 'LoadBalancer') {
    if (loadBalancerClass !== undefined)
      problems.push(...checkSyntax('spec.loadBalancerClass', loadBalancerClass, qualifiedName));
  } else {
    if (allocateLoadBalancerNodePorts !== undefined)
      problems.push(forbidden('spec.allocateLoadBalancerNodePorts', onlyForLoadBalancers));
    if (loadBalancerClass !== undefined)
      problems.push(forbidden('spec.loadBalancerClass', onlyForLoadBalancers));
  }
  return [...problems, ...sourceRangeProblems(service, type), ...healthCheckProblems(spec, type)];
}

const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** Ranges in the field, or in the annotation that was there before it. Padding is part of the API. */
function sourceRangeProblems({ spec, metadata }: Service, type: ServiceType): FieldProblem[] {
  const ranges = spec?.loadBalancerSourceRanges ?? [];
  const annotation = metadata.annotations?.[rangesAnnotation];
  const inField = ranges.length > 0;
  if (!inField && annotation === undefined) return [];
  // Upstream names the field with a capital letter.
  const path = inField ? 'spec.LoadBalancerSourceRanges' : `metadata.annotations[${rangesAnnotation}]`;
  const problems = type === 'LoadBalancer' ? [] : [forbidden(path, onlyForLoadBalancers)];
  const written = inField ? ranges : (annotation ?? '').trim() === '' ? [] : (annotation ?? '').split(',');
  const ofEach = written.flatMap((cidr, i) => checkCidr(inField ? `${path}[${i}]` : path, cidr.trim()));
  return [...problems, ...ofEach];
}

/** Only a load balancer that keeps client addresses asks nodes whether they have endpoints. */
function healthCheckProblems(spec: ServiceSpec, type: ServiceType): FieldProblem[] {
  const { healthCheckNodePort = 0, externalTrafficPolicy } = spec;
  if (healthCheckNodePort === 0) return [];
  const path = 'spec.healthCheckNodePort';
  if (type === 'LoadBalancer' && externalTrafficPolicy === 'Local')
    return checkNodePort(path, healthCheckNodePort);
  const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return [invalid(path, healthCheckNodePort, detail)];
}

/** Rules for the status of a Service (core validation `ValidateLoadBalancerStatus`). */
export function loadBalancerStatusProblems({ spec, status }: Service): FieldProblem[] {
  const path = 'status.loadBalancer.ingress';
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (spec?.type !== 'LoadBalancer')
    return ingress.length === 0
      ? []
      : [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  return ingress.flatMap(({ ip = '', ipMode, hostname = '' }, i) => [
    ...checkIngressPoint(`${path}[${i}]`, { ip, hostname }),
    ...modeProblems(`${path}[${i}].ipMode`, ip, ipMode),
  ]);
}

const modes = ['Proxy', 'VIP'];

function modeProblems(path: string, ip: string, mode: string | undefined): FieldProblem[] {
  // What has an address and no mode gets one by default.
  if (mode === undefined) return [];
  if (ip === '') return [forbidden(path, 'may not be specified when `ip` is not set')];
  return modes.includes(mode) ? [] : [notSupported(path, mode, modes)];
}

/** Where a load balancer can be reached: an address, a name, or both; empty counts as absent. */
export function checkIngressPoint(
  path: string,
  { ip = '', hostname = '' }: { ip?: string; hostname?: string },
): FieldProblem[] {
  const problems = ip === '' ? [] : checkAddress(`${path}.ip`, ip);
  if (hostname === '') return problems;
  problems.push(...checkSyntax(`${path}.hostname`, hostname, dnsSubdomain));
  if (isAddressText(hostname))
    problems.push(invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address'));
  return problems;
}

/** What may not change in a Service, besides its addresses (core validation `ValidateServiceUpdate`). */
export function serviceUpdateProblems(service: Service, before: Service): FieldProblem[] {
  const [now, old]: [ServiceSpec, ServiceSpec] = [service.spec ?? {}, before.spec ?? {}];
  if (now.type !== 'LoadBalancer' || old.type !== 'LoadBalancer') return [];
  const problems: FieldProblem[] = [];
  if (now.loadBalancerClass !== old.loadBalancerClass)
    problems.push(
      invalid('spec.loadBalancerClass', now.loadBalancerClass ?? null, 'may not change once set'),
    );
  const isLocal = now.externalTrafficPolicy === 'Local' && old.externalTrafficPolicy === 'Local';
  if (isLocal && now.healthCheckNodePort !== old.healthCheckNodePort)
    problems.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  return problems;
}
