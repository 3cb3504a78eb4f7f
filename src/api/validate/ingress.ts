import type { KubernetesObject } from '../types/meta.ts';
import { checkSyntax } from './checks.ts';
import {
  dnsLabel,
  dnsSubdomain,
  isAddressText,
  pathSegment,
  portName,
  portNumber,
  wildcardSubdomain,
} from './names.ts';
import { invalid, notSupported, required, type FieldProblem } from './problem.ts';
import { checkIngressPoint } from './service-load-balancer.ts';

/** A reference to an object in the same namespace. */
export interface Reference {
  apiGroup?: string;
  kind: string;
  name: string;
}

interface Backend {
  service?: { name: string; port?: { name?: string; number?: number } };
  resource?: Reference;
}

interface Path {
  path?: string;
  pathType?: string;
  backend: Backend;
}

/** networking.k8s.io/v1 Ingress, as far as its rules read it; the schema has been checked before. */
interface Ingress extends KubernetesObject {
  spec?: {
    ingressClassName?: string;
    defaultBackend?: Backend;
    rules?: { host?: string; http?: { paths: Path[] } }[];
    tls?: { hosts?: string[]; secretName?: string }[];
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];

/** What no path may hold (networking validation `invalidPathSequences` and suffixes). */
const badSequences = ['//', '/./', '/../', '%2f', '%2F'];
const badSuffixes = ['/..', '/.'];

/** Rules for Ingresses (networking validation `ValidateIngressCreate`). */
export function ingressProblems(object: KubernetesObject): FieldProblem[] {
  // The schema says that this object is an Ingress.
  const { spec = {} } = object as Ingress;
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec;
  const problems: FieldProblem[] = [];
  if (rules.length === 0 && defaultBackend === undefined) {
    problems.push(invalid('spec', spec, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (defaultBackend !== undefined) problems.push(...backendProblems('spec.defaultBackend', defaultBackend));
  if (ingressClassName !== undefined)
    problems.push(...checkSyntax('spec.ingressClassName', ingressClassName, dnsSubdomain));
  const ofRules = rules.flatMap(({ host = '', http }, i) => [
    ...(host === '' ? [] : ruleHostProblems(`spec.rules[${i}].host`, host)),
    ...(http === undefined ? [] : pathsProblems(`spec.rules[${i}].http.paths`, http.paths ?? [])),
  ]);
  const ofTls = tls.flatMap(({ hosts = [], secretName = '' }, i) => [
    ...hosts.flatMap((host, j) => checkSyntax(`spec.tls[${i}].hosts[${j}]`, host, hostSyntax)),
    ...(secretName === '' ? [] : checkSyntax(`spec.tls[${i}].secretName`, secretName, dnsSubdomain)),
  ]);
  return [...problems, ...ofRules, ...ofTls];
}

const classAnnotation = 'kubernetes.io/ingress.class';

/** A new Ingress says its class once, or the same twice; what is older may differ. */
export function newIngressProblems(object: KubernetesObject): FieldProblem[] {
  const { spec, metadata } = object as Ingress;
  const [annotation, field] = [metadata.annotations?.[classAnnotation], spec?.ingressClassName];
  if (annotation === undefined || field === undefined || annotation === field) return [];
  const detail = 'must match `ingressClassName` when both are specified';
  return [invalid(`annotations.${classAnnotation}`, annotation, detail)];
}

/** Rules for the status of an Ingress (networking validation `ValidateIngressLoadBalancerStatus`). */
export function ingressStatusProblems(object: KubernetesObject): FieldProblem[] {
  const points = (object as Ingress).status?.loadBalancer?.ingress ?? [];
  return points.flatMap((point, i) => checkIngressPoint(`status.loadBalancer.ingress[${i}]`, point));
}

const hostSyntax = (host: string): string | undefined =>
  host.includes('*') ? wildcardSubdomain(host) : dnsSubdomain(host);

function ruleHostProblems(path: string, host: string): FieldProblem[] {
  const problems = checkSyntax(path, host, hostSyntax);
  if (isAddressText(host)) problems.push(invalid(path, host, 'must be a DNS name, not an IP address'));
  return problems;
}

function pathsProblems(path: string, paths: readonly Path[]): FieldProblem[] {
  if (paths.length === 0) return [required(path)];
  return paths.flatMap((one, i) => pathProblems(`${path}[${i}]`, one));
}

function pathProblems(at: string, { path = '', pathType, backend }: Path): FieldProblem[] {
  if (pathType === undefined || pathType === '')
    return [required(`${at}.pathType`, 'pathType must be specified')];
  const problems = backendProblems(`${at}.backend`, backend);
  if (!pathTypes.includes(pathType))
    return [...problems, notSupported(`${at}.pathType`, pathType, pathTypes)];
  const isLiteral = pathType !== 'ImplementationSpecific';
  if ((isLiteral || path !== '') && !path.startsWith('/'))
    problems.push(invalid(`${at}.path`, path, 'must be an absolute path'));
  return isLiteral ? [...problems, ...literalPathProblems(`${at}.path`, path)] : problems;
}

/** Exact and Prefix paths are compared as they stand, so they must stand in their plain form. */
function literalPathProblems(at: string, path: string): FieldProblem[] {
  const sequence = badSequences.find((one) => path.includes(one));
  if (sequence !== undefined) return [invalid(at, path, `must not contain '${sequence}'`)];
  const suffix = badSuffixes.find((one) => path.endsWith(one));
  return suffix === undefined ? [] : [invalid(at, path, `cannot end with '${suffix}'`)];
}

function backendProblems(path: string, { service, resource }: Backend): FieldProblem[] {
  if (service !== undefined && resource !== undefined)
    return [invalid(path, '', 'cannot set both resource and service backends')];
  if (resource !== undefined) return referenceProblems(`${path}.resource`, resource);
  if (service === undefined) return [invalid(path, '', 'resource or service backend is required')];
  const name = `${path}.service.name`;
  return [
    ...(service.name === '' ? [required(name)] : checkSyntax(name, service.name, dnsLabel)),
    ...backendPortProblems(path, service.port ?? {}),
  ];
}

/** Rules for a reference by group, kind and name; names need only fit into a URL. */
export function referenceProblems(
  path: string,
  { apiGroup, kind = '', name = '' }: Partial<Reference>,
): FieldProblem[] {
  return [
    ...(apiGroup === undefined ? [] : checkSyntax(`${path}.apiGroup`, apiGroup, dnsSubdomain)),
    ...(kind === '' ? [required(`${path}.kind`)] : checkSyntax(`${path}.kind`, kind, pathSegment)),
    ...(name === '' ? [required(`${path}.name`)] : checkSyntax(`${path}.name`, name, pathSegment)),
  ];
}

function backendPortProblems(path: string, port: { name?: string; number?: number }): FieldProblem[] {
  const { name = '', number = 0 } = port;
  if (name !== '' && number !== 0) return [invalid(path, '', 'cannot set both port name & port number')];
  if (name !== '') return checkSyntax(`${path}.service.port.name`, name, portName);
  if (number !== 0) return checkSyntax(`${path}.service.port.number`, number, portNumber);
  return [required(path, 'port name or number is required')];
}
