import type { KubernetesObject } from '../types/meta.ts';
import { checkSyntax } from './checks.ts';
import { dns1035Label, dnsSubdomain, portName, portNumber } from './names.ts';
import { invalid, notSupported, required, type FieldProblem } from './problem.ts';

interface Backend {
  service?: { name: string; port?: { name?: string; number?: number } };
  resource?: { kind: string; name: string };
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
}

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];

/** What no path may hold (networking validation `invalidPathSequences` and suffixes). */
const badSequences = ['//', '/./', '/../', '%2f', '%2F'];
const badSuffixes = ['/..', '/.'];

/** Rules for Ingresses (networking validation `ValidateIngress`). */
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
  const ofRules = rules.flatMap((rule, i) => [
    ...hostProblems(`spec.rules[${i}].host`, rule.host ?? ''),
    ...(rule.http?.paths ?? []).flatMap((path, j) => pathProblems(`spec.rules[${i}].http.paths[${j}]`, path)),
  ]);
  const ofTls = tls.flatMap(({ hosts = [] }, i) =>
    hosts.flatMap((host, j) => hostProblems(`spec.tls[${i}].hosts[${j}]`, host)),
  );
  return [...problems, ...ofRules, ...ofTls];
}

function hostProblems(path: string, host: string): FieldProblem[] {
  if (host === '') return [];
  if (/^[\d.]+$/.test(host) || host.includes(':'))
    return [invalid(path, host, 'must be a DNS name, not an IP address')];
  return checkSyntax(path, host, (text) => dnsSubdomain(text.replace(/^\*\./, '')));
}

function pathProblems(at: string, { path = '', pathType, backend }: Path): FieldProblem[] {
  const problems = backendProblems(`${at}.backend`, backend);
  if (pathType === undefined || pathType === '')
    return [...problems, required(`${at}.pathType`, 'pathType must be specified')];
  if (!pathTypes.includes(pathType))
    return [...problems, notSupported(`${at}.pathType`, pathType, pathTypes)];
  if (pathType === 'ImplementationSpecific') {
    if (path === '' || path.startsWith('/')) return problems;
    return [...problems, invalid(`${at}.path`, path, 'must be an absolute path')];
  }
  return [...problems, ...literalPathProblems(`${at}.path`, path)];
}

/** Exact and Prefix paths are compared as they stand, so they must stand in their plain form. */
function literalPathProblems(at: string, path: string): FieldProblem[] {
  if (!path.startsWith('/')) return [invalid(at, path, 'must be an absolute path')];
  const sequence = badSequences.find((one) => path.includes(one));
  if (sequence !== undefined) return [invalid(at, path, `must not contain '${sequence}'`)];
  const suffix = badSuffixes.find((one) => path.endsWith(one));
  return suffix === undefined ? [] : [invalid(at, path, `cannot end with '${suffix}'`)];
}

function backendProblems(path: string, { service, resource }: Backend): FieldProblem[] {
  if (service !== undefined && resource !== undefined)
    return [invalid(path, '', 'cannot set both resource and service backends')];
  if (resource !== undefined) return resource.name === '' ? [required(`${path}.resource.name`)] : [];
  if (service === undefined) return [required(path, 'a service or a resource must be named')];
  return [
    ...checkSyntax(`${path}.service.name`, service.name, dns1035Label),
    ...backendPortProblems(`${path}.service.port`, service.port ?? {}),
  ];
}

function backendPortProblems(path: string, port: { name?: string; number?: number }): FieldProblem[] {
  const { name = '', number = 0 } = port;
  if (name !== '' && number !== 0) return [invalid(path, port, 'cannot set both port name & port number')];
  if (name !== '') return checkSyntax(`${path}.name`, name, portName);
  if (number !== 0) return checkSyntax(`${path}.number`, number, portNumber);
  return [required(path, 'port name or number is required')];
}
