import { formatAddress, parseAddress, type Family } from '../../lib/address.ts';
import { parsePrefix } from '../../lib/prefix.ts';
import type { IPAddress, ServiceCIDR } from '../types/network.ts';
import { checkCanonicalCidr, checkSyntax } from './checks.ts';
import { dnsLabel, dnsSubdomain, pathSegment } from './names.ts';
import { invalid, required, type FieldProblem } from './problem.ts';

/** Rules for ServiceCIDRs (networking validation `ValidateServiceCIDR`): one range, or one of each family. */
export function serviceCidrProblems({ spec }: ServiceCIDR): FieldProblem[] {
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required('spec.cidrs', 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalid('spec.cidrs', cidrs, 'must only hold up to 2 values')];
  const problems = cidrs.flatMap((cidr, i) => checkCanonicalCidr(`spec.cidrs[${i}]`, cidr));
  const families = new Set(cidrs.map((cidr): Family | undefined => parsePrefix(cidr)?.family));
  if (problems.length === 0 && families.size < cidrs.length) {
    problems.push(invalid('spec.cidrs', cidrs, 'may specify no more than one IP for each IP family'));
  }
  return problems;
}

/** Rules for IPAddresses (networking validation `ValidateIPAddress`): the name is an address as it is written best. */
export function ipAddressProblems({ metadata, spec }: IPAddress): FieldProblem[] {
  const address = parseAddress(metadata.name);
  const problems: FieldProblem[] = [];
  if (address === undefined) {
    problems.push(
      invalid(
        'metadata.name',
        metadata.name,
        'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ),
    );
  } else if (formatAddress(address) !== metadata.name) {
    const detail = `must be in canonical form (${JSON.stringify(formatAddress(address))})`;
    problems.push(invalid('metadata.name', metadata.name, detail));
  }
  const parent = spec?.parentRef;
  if (parent === undefined) return [...problems, required('spec.parentRef')];
  return [...problems, ...parentProblems('spec.parentRef', parent)];
}

type Parent = NonNullable<NonNullable<IPAddress['spec']>['parentRef']>;

function parentProblems(
  path: string,
  { group = '', resource = '', namespace = '', name = '' }: Partial<Parent>,
): FieldProblem[] {
  const segment = (field: string, text: string): FieldProblem[] =>
    text === '' ? [required(`${path}.${field}`)] : checkSyntax(`${path}.${field}`, text, pathSegment);
  return [
    ...(group === '' ? [] : checkSyntax(`${path}.group`, group, dnsSubdomain)),
    ...segment('resource', resource),
    ...segment('name', name),
    ...(namespace === '' ? [] : checkSyntax(`${path}.namespace`, namespace, dnsLabel)),
  ];
}
