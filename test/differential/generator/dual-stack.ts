import type { Service } from '../../../src/api/types/core.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { EndpointSlice, NetworkPolicy, NetworkPolicyPeer } from '../../../src/api/types/network.ts';
import type { Destination, Question, Source } from '../evaluator/question.ts';
import type { ClusterPolicy } from '../evaluator/world.ts';

/*
 * What the address plan of IPv4 is in IPv6:
 *
 *     10.244.N.H    fd00:10:244:N::H      pods of node N+1, in a /64 each
 *     172.20.1.N    fd00:172:20::10N      nodes
 *     10.96.0.0/12  fd00:10:96::/112      Services
 *     203.0.113.H   2001:db8:113::H       the machine that stands for the internet, ::10, and others
 */
const blocks: readonly (readonly [four: string, six: string])[] = [
  ['10.244.0.0/16', 'fd00:10:244::/56'],
  ['172.20.0.0/16', 'fd00:172:20::/64'],
  ['10.96.0.0/12', 'fd00:10:96::/112'],
  ['203.0.113.0/24', '2001:db8:113::/64'],
  ['203.0.113.10/32', '2001:db8:113::10/128'],
  ['203.0.113.128/25', '2001:db8:113::80/121'],
  ['198.51.100.0/24', '2001:db8:198::/64'],
  ['10.0.0.0/8', 'fd00:10::/32'],
  ['0.0.0.0/0', '::/0'],
];

const addresses: readonly (readonly [four: RegExp, six: (...octets: string[]) => string])[] = [
  [/^10\.244\.(\d+)\.(\d+)$/, (block = '', host = '') => `fd00:10:244:${hex(block)}::${hexOrNone(host)}`],
  [/^10\.111\.1\.1$/, () => 'fd00:10:96::f111'],
  [/^172\.20\.1\.(\d+)$/, (host = '') => `fd00:172:20::10${hex(host)}`],
  [/^203\.0\.113\.10$/, () => '2001:db8:113::10'],
  [/^198\.51\.100\.(\d+)$/, (host = '') => `2001:db8:198::${hexOrNone(host)}`],
  [/^192\.0\.2\.1$/, () => '2001:db8:192::1'],
];

const hex = (octet: string): string => Number(octet).toString(16);
const hexOrNone = (octet: string): string => (octet === '0' ? '' : hex(octet));

/** The address of IPv6 that has the same part. Throws `RangeError` for one that the plan does not have. */
export function sixOf(address: string): string {
  for (const [four, six] of addresses) {
    const match = four.exec(address);
    if (match !== null) return six(...match.slice(1)).replace('244:0::', '244::');
  }
  throw new RangeError(`the plan does not have ${address}`);
}

/** A block of pods is a /64; smaller blocks leave as many bits to the host as in IPv4. */
function sixBlockOf(cidr: string): string {
  const known = blocks.find(([four]) => four === cidr)?.[1];
  if (known !== undefined || cidr.includes(':')) return known ?? cidr;
  const [address = '', length = ''] = cidr.split('/');
  const isNodes = address.startsWith('10.244.') && length === '24';
  return `${sixOf(address)}/${isNodes ? 64 : 96 + Number(length)}`;
}

/**
 * The cluster with both families: Services of one, of the other, of both in either order, endpoints written down in
 * both, and policies with blocks of either. A Service is named after its families, for those it may not change.
 */
export function asDualStack(objects: readonly KubernetesObject[]): KubernetesObject[] {
  const variants = new Map<string, ServiceFamilies>();
  const services = objects.filter(({ kind }) => kind === 'Service');
  for (const [index, service] of services.entries()) {
    const variant = serviceFamilies[(index + services.length) % serviceFamilies.length];
    if (variant !== undefined) variants.set(keyOf(service), variant);
  }
  return objects.flatMap((object): KubernetesObject[] => {
    if (object.kind === 'Service') return [dualService(object as Service, variants.get(keyOf(object)))];
    if (object.kind === 'EndpointSlice') return dualSlices(object as EndpointSlice, variants);
    if (object.kind === 'NetworkPolicy') return [dualPolicy(object as NetworkPolicy)];
    return [object.kind.endsWith('NetworkPolicy') ? dualClusterPolicy(object as ClusterPolicy) : object];
  });
}

const keyOf = ({ metadata }: KubernetesObject): string => `${metadata.namespace}/${metadata.name}`;

interface ServiceFamilies extends Pick<Service['spec'], 'ipFamilies' | 'ipFamilyPolicy'> {
  readonly suffix: string;
}

const serviceFamilies: readonly ServiceFamilies[] = [
  { suffix: 'four' },
  { suffix: 'prefers', ipFamilyPolicy: 'PreferDualStack' },
  { suffix: 'six', ipFamilies: ['IPv6'] },
  { suffix: 'both', ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] },
];

function dualService(service: Service, variant: ServiceFamilies | undefined): Service {
  const { suffix = '', ...families } = variant ?? {};
  return {
    ...service,
    metadata: { ...service.metadata, name: `${service.metadata.name}-${suffix}` },
    spec: { ...service.spec, ...families },
  };
}

function dualSlices(slice: EndpointSlice, variants: ReadonlyMap<string, ServiceFamilies>): EndpointSlice[] {
  const { namespace = '', name, labels } = slice.metadata;
  const service = labels?.['kubernetes.io/service-name'] ?? '';
  const suffix = variants.get(`${namespace}/${service}`)?.suffix ?? '';
  const sliceFor = (family: 'IPv4' | 'IPv6'): EndpointSlice => ({
    ...slice,
    metadata: {
      namespace,
      name: `${name}-${suffix}-${family.toLowerCase()}`,
      labels: { 'kubernetes.io/service-name': `${service}-${suffix}` },
    },
    addressType: family,
    endpoints: slice.endpoints.map((endpoint) => ({
      ...endpoint,
      addresses: family === 'IPv4' ? endpoint.addresses : endpoint.addresses.map(sixOf),
    })),
  });
  return [sliceFor('IPv4'), sliceFor('IPv6')];
}

/** Networks are there in both families. */
function dualClusterPolicy(policy: ClusterPolicy): KubernetesObject {
  const egress = (policy.spec.egress ?? []).map((rule) => ({
    ...rule,
    to: rule.to.map(({ networks, ...peer }) =>
      networks === undefined
        ? peer
        : { networks: [...new Set(networks.flatMap((cidr) => [cidr, sixBlockOf(cidr)]))] },
    ),
  }));
  return Object.assign({}, policy, { spec: { ...policy.spec, egress } });
}

/** Every third block stays as it is, every third is the other family's, and every third is there in both. */
function dualPolicy(policy: NetworkPolicy): NetworkPolicy {
  let blocksSeen = 0;
  const dualPeer = (peer: NetworkPolicyPeer): NetworkPolicyPeer[] => {
    const { ipBlock } = peer;
    if (ipBlock === undefined) return [peer];
    const { cidr, except } = ipBlock;
    const six = {
      ipBlock: {
        cidr: sixBlockOf(cidr),
        ...(except === undefined ? {} : { except: withinSix(cidr, except) }),
      },
    };
    const which = blocksSeen++ % 3;
    return which === 0 ? [peer] : which === 1 ? [six] : [peer, six];
  };
  const { ingress, egress } = policy.spec;
  return {
    ...policy,
    spec: {
      ...policy.spec,
      ...(ingress === undefined ? {} : { ingress: ingress.map((rule) => withPeers(rule, 'from', dualPeer)) }),
      ...(egress === undefined ? {} : { egress: egress.map((rule) => withPeers(rule, 'to', dualPeer)) }),
    },
  };
}

function withinSix(cidr: string, excepts: readonly string[]): string[] {
  return cidr.includes(':') ? [...excepts] : excepts.map(sixBlockOf);
}

function withPeers<K extends 'from' | 'to', R extends { [P in K]?: NetworkPolicyPeer[] }>(
  rule: R,
  field: K,
  map: (peer: NetworkPolicyPeer) => NetworkPolicyPeer[],
): R {
  const peers = rule[field];
  return peers === undefined ? rule : { ...rule, [field]: peers.flatMap(map) };
}

/** The questions in both families, as far as the Services that they are about have them. */
export function inBothFamilies(
  questions: readonly Question[],
  objects: readonly KubernetesObject[],
): Question[] {
  const families = new Map(
    objects.flatMap((object) =>
      object.kind === 'Service'
        ? [[keyOf(object), (object as Service).spec.ipFamilies ?? ['IPv4']] as const]
        : [],
    ),
  );
  const has = (destination: Destination, family: 'IPv4' | 'IPv6'): boolean =>
    destination.kind !== 'service' || (families.get(destination.service) ?? []).includes(family);
  return questions.flatMap((question): Question[] => [
    ...(has(question.destination, 'IPv4') ? [question] : []),
    ...(has(question.destination, 'IPv6') ? [asSix(question)] : []),
  ]);
}

function asSix(question: Question): Question {
  const { source, destination } = question;
  return { ...question, source: endAsSix(source), destination: endAsSix(destination), family: 'IPv6' };
}

function endAsSix<T extends Source | Destination>(end: T): T {
  return end.kind === 'external' ? { ...end, address: sixOf(end.address) } : end;
}
