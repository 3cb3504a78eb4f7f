import type {
  Internet,
  MachinePort,
  PrivateDnsZone,
  Site,
  VirtualMachine,
  VirtualMachineInterface,
} from '../../types/fabric.ts';
import { checkAddress, checkSyntax } from '../checks.ts';
import { portNumber, wildcardSubdomain, dnsSubdomain } from '../names.ts';
import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  tooMany,
  type FieldProblem,
} from '../problem.ts';
import { ipv4Problems, nameProblems, overlapProblems, spaceProblems } from './prefixes.ts';

type Ports = Pick<MachinePort, 'port'>[];

/** Rules for a machine by itself: every interface is in one place. */
export function virtualMachineProblems({ metadata, spec }: VirtualMachine): FieldProblem[] {
  const path = (index: number): string => `spec.interfaces[${index}]`;
  const names = spec.interfaces.map(({ name }) => name);
  return [
    ...nameProblems('metadata.name', metadata.name),
    ...(spec.interfaces.length === 0 ? [required('spec.interfaces', 'a machine has at least one')] : []),
    ...spec.interfaces.flatMap((one, index) => interfaceProblems(path(index), one)),
    ...names.flatMap((name, index) =>
      names.indexOf(name) < index ? [duplicate(`${path(index)}.name`, name)] : [],
    ),
    ...portsProblems(spec.ports),
    ...(spec.ports ?? []).flatMap((port, index) => forwardProblems(`spec.ports[${index}]`, port)),
  ];
}

const mostBackends = 64;

function forwardProblems(path: string, { protocol = 'TCP', forwardTo }: MachinePort): FieldProblem[] {
  if (forwardTo === undefined) return [];
  const { addresses, port } = forwardTo;
  const at = `${path}.forwardTo`;
  return [
    ...(protocol === 'TCP' ? [] : [forbidden(at, 'only TCP connections are passed on')]),
    ...(addresses.length === 0 ? [required(`${at}.addresses`, 'somebody to pass connections on to')] : []),
    ...(addresses.length > mostBackends ? [tooMany(`${at}.addresses`, addresses.length, mostBackends)] : []),
    ...addresses.flatMap((text, index) => checkAddress(`${at}.addresses[${index}]`, text)),
    ...checkSyntax(`${at}.port`, port, portNumber),
  ];
}

/** What the kernel takes for a link, and no machine has already. */
const linkName = /^[a-z][a-z0-9]{0,14}$/i;
const takenLinks = new Set(['lo', 'all', 'default']);

function interfaceProblems(path: string, one: VirtualMachineInterface): FieldProblem[] {
  const { name, network, subnet, segment, virtualSwitch, addresses = [] } = one;
  const problems = addresses.flatMap((text, index) => checkAddress(`${path}.addresses[${index}]`, text));
  if (!linkName.test(name) || takenLinks.has(name)) {
    problems.push(invalid(`${path}.name`, name, 'must be the name of a link, such as eth0'));
  }
  const places = [network, segment, virtualSwitch].filter((place) => place !== undefined);
  if (places.length !== 1) {
    problems.push(required(path, 'exactly one of network (with subnet), segment and virtualSwitch'));
  }
  if (network !== undefined && subnet === undefined)
    problems.push(required(`${path}.subnet`, `a subnet of ${network}`));
  if (network === undefined && subnet !== undefined)
    problems.push(forbidden(`${path}.subnet`, 'only networks have subnets'));
  return problems;
}

function portsProblems(ports: Ports = [], path = 'spec.ports'): FieldProblem[] {
  return ports.flatMap(({ port }, index) => checkSyntax(`${path}[${index}].port`, port, portNumber));
}

/** Rules for a site by itself. */
export function siteProblems({ metadata, spec }: Site): FieldProblem[] {
  const path = (index: number): string => `spec.prefixes[${index}]`;
  return [
    ...nameProblems('metadata.name', metadata.name),
    ...(spec.prefixes.length === 0 ? [required('spec.prefixes', 'a site has addresses')] : []),
    ...spec.prefixes.flatMap((cidr, index) => spaceProblems(path(index), cidr)),
    ...overlapProblems(spec.prefixes, path),
    ...routingProblems(spec),
    ...portsProblems(spec.ports),
  ];
}

/** What is behind an ExpressRoute is told by BGP alone (Azure, expressroute-routing). */
function routingProblems({ type, routing }: Site['spec']): FieldProblem[] {
  if (type !== 'expressRoute' || routing !== 'static') return [];
  return [invalid('spec.routing', routing, 'an ExpressRoute has BGP alone')];
}

/** Rules for the internet: there is one. */
export function internetProblems({ metadata, spec }: Internet): FieldProblem[] {
  const { services = [] } = spec;
  const names = services.map(({ name }) => name);
  const only = metadata.name === 'default' ? [] : [notSupported('metadata.name', metadata.name, ['default'])];
  return [
    ...only,
    ...services.flatMap(({ name, prefixes, ports }, index) => {
      const path = `spec.services[${index}]`;
      return [
        ...(names.indexOf(name) < index ? [duplicate(`${path}.name`, name)] : []),
        ...prefixes.flatMap((cidr, i) => ipv4Problems(`${path}.prefixes[${i}]`, cidr)),
        ...portsProblems(ports, `${path}.ports`),
      ];
    }),
  ];
}

/** Rules for a private zone by itself. */
export function privateDnsZoneProblems({ metadata, spec }: PrivateDnsZone): FieldProblem[] {
  const { zone = metadata.name, records = [] } = spec;
  return [
    ...checkSyntax(spec.zone === undefined ? 'metadata.name' : 'spec.zone', zone, dnsSubdomain),
    ...records.flatMap(({ name, type, values }, index) => {
      const path = `spec.records[${index}]`;
      const isSpecial = name === '@' || name === '*';
      return [
        ...(isSpecial
          ? []
          : checkSyntax(`${path}.name`, name, name.startsWith('*.') ? wildcardSubdomain : dnsSubdomain)),
        ...(values.length === 0 ? [required(`${path}.values`, 'a record has a value')] : []),
        ...values.flatMap((value, i) => valueProblems(`${path}.values[${i}]`, type, value)),
      ];
    }),
  ];
}

const longestText = 255;

function valueProblems(path: string, type: string, value: string): FieldProblem[] {
  if (type === 'A') return checkAddress(path, value, 'IPv4');
  if (type === 'AAAA') return checkAddress(path, value, 'IPv6');
  if (type === 'CNAME') return checkSyntax(path, value.replace(/\.$/, ''), dnsSubdomain);
  return value.length > longestText
    ? [invalid(path, value, `must be no longer than ${longestText} bytes`)]
    : [];
}
