import { parseAddress } from '../../lib/address.ts';
import type { Container, ContainerPort, Pod, PodSpec, PodTemplateSpec } from '../types/core.ts';
import { checkLabels, checkSyntax } from './checks.ts';
import { dnsLabel, dnsSubdomain, portName, portNumber } from './names.ts';
import { duplicate, invalid, required, tooMany, type FieldProblem } from './problem.ts';

/** Rules for Pods that matter for their network (core validation `ValidatePodSpec`). */
export function podProblems(pod: Pod): FieldProblem[] {
  return podSpecProblems('spec', pod.spec);
}

/** The same for the pods of a workload, and for their labels. */
export function templateProblems(path: string, template: PodTemplateSpec): FieldProblem[] {
  return [
    ...checkLabels(`${path}.metadata.labels`, template.metadata?.labels),
    ...podSpecProblems(`${path}.spec`, template.spec),
  ];
}

function podSpecProblems(path: string, spec: PodSpec | undefined): FieldProblem[] {
  const { containers = [], initContainers = [] }: Partial<PodSpec> = spec ?? {};
  if (spec === undefined || containers.length === 0) return [required(`${path}.containers`)];
  const places = [
    ...containers.map((container, i) => ({ container, at: `${path}.containers[${i}]` })),
    ...initContainers.map((container, i) => ({ container, at: `${path}.initContainers[${i}]` })),
  ];
  const names = new Set<string>();
  const problems = places.flatMap(({ container, at }) => {
    const own = containerProblems(at, container, spec.hostNetwork === true);
    if (names.has(container.name)) own.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    return own;
  });
  return [
    ...problems,
    ...hostPortConflicts(path, containers),
    ...dnsProblems(path, spec),
    ...hostnameProblems(path, spec),
    ...checkLabels(`${path}.nodeSelector`, spec.nodeSelector),
    ...nameProblems(`${path}.nodeName`, spec.nodeName),
    ...nameProblems(`${path}.serviceAccountName`, spec.serviceAccountName),
  ];
}

function nameProblems(path: string, name = ''): FieldProblem[] {
  return name === '' ? [] : checkSyntax(path, name, dnsSubdomain);
}

function containerProblems(path: string, container: Container, hostNetwork: boolean): FieldProblem[] {
  const problems =
    container.name === ''
      ? [required(`${path}.name`)]
      : checkSyntax(`${path}.name`, container.name, dnsLabel);
  // An absent image is for workloads whose controller fills it in, which upstream allows by the schema only.
  if (container.image === '') problems.push(required(`${path}.image`));
  const names = new Set<string>();
  for (const [index, port] of (container.ports ?? []).entries()) {
    const at = `${path}.ports[${index}]`;
    problems.push(...containerPortProblems(at, port, hostNetwork));
    const { name = '' } = port;
    if (name !== '' && names.has(name)) problems.push(duplicate(`${at}.name`, name));
    names.add(name);
  }
  return problems;
}

function containerPortProblems(path: string, port: ContainerPort, hostNetwork: boolean): FieldProblem[] {
  const { name = '', containerPort, hostPort = 0 } = port;
  const problems = name === '' ? [] : checkSyntax(`${path}.name`, name, portName);
  if (containerPort === 0) problems.push(required(`${path}.containerPort`));
  else problems.push(...checkSyntax(`${path}.containerPort`, containerPort, portNumber));
  if (hostPort === 0) return problems;
  problems.push(...checkSyntax(`${path}.hostPort`, hostPort, portNumber));
  if (hostNetwork && hostPort !== containerPort) {
    const detail = 'must match `containerPort` when `hostNetwork` is true';
    problems.push(invalid(`${path}.hostPort`, hostPort, detail));
  }
  return problems;
}

/** Two containers of a pod cannot take the same port of the node. */
function hostPortConflicts(path: string, containers: readonly Container[]): FieldProblem[] {
  const taken = new Set<string>();
  return containers.flatMap(({ ports = [] }, i) =>
    ports.flatMap(({ hostPort = 0, hostIP = '', protocol = 'TCP' }, j) => {
      const key = `${protocol} ${hostIP} ${hostPort}`;
      if (hostPort !== 0 && taken.has(key)) {
        return [duplicate(`${path}.containers[${i}].ports[${j}].hostPort`, hostPort)];
      }
      taken.add(key);
      return [];
    }),
  );
}

/** Limits of resolv.conf as upstream keeps them: 3 servers, 32 search domains of 2048 characters in all. */
function dnsProblems(path: string, { dnsPolicy, dnsConfig }: PodSpec): FieldProblem[] {
  const { nameservers = [], searches = [] } = dnsConfig ?? {};
  const at = `${path}.dnsConfig`;
  const problems: FieldProblem[] = [];
  if (dnsPolicy === 'None' && nameservers.length === 0) {
    const field = dnsConfig === undefined ? at : `${at}.nameservers`;
    problems.push(required(field, "must provide at least one DNS nameserver when `dnsPolicy` is 'None'"));
  }
  if (nameservers.length > 3) problems.push(tooMany(`${at}.nameservers`, nameservers.length, 3));
  if (searches.length > 32) problems.push(tooMany(`${at}.searches`, searches.length, 32));
  if (searches.join(' ').length > 2048) {
    problems.push(invalid(`${at}.searches`, searches, 'must not have more than 2048 characters in all'));
  }
  const servers = nameservers.flatMap((server, index) =>
    parseAddress(server) === undefined
      ? [invalid(`${at}.nameservers[${index}]`, server, 'must be a valid IP address')]
      : [],
  );
  return [
    ...problems,
    ...servers,
    ...searches.flatMap((search, i) => searchProblems(`${at}.searches[${i}]`, search)),
  ];
}

/** A domain, where other systems' names may have underscores; or just the root. */
function searchProblems(path: string, search: string): FieldProblem[] {
  if (search === '.') return [];
  const plain = search.replace(/\.$/, '').replaceAll('_', 'x');
  return checkSyntax(path, search, () => dnsSubdomain(plain));
}

function hostnameProblems(path: string, { hostname = '', subdomain = '' }: PodSpec): FieldProblem[] {
  return [
    ...(hostname === '' ? [] : checkSyntax(`${path}.hostname`, hostname, dnsLabel)),
    ...(subdomain === '' ? [] : checkSyntax(`${path}.subdomain`, subdomain, dnsLabel)),
  ];
}
