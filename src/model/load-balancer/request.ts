import type { Service } from '../../api/types/core.ts';
import { canonicalAddress, familyOf, parseAddress, type Family } from '../../lib/address.ts';

/** A Service of another class has its addresses from somebody else. */
export const loadBalancerClass = 'weft.dev/load-balancer';

/** The pool of a lab in a virtual network that internal Services have their addresses of, where there is one. */
export const internalPool = 'lab-internal';

/** Clouds know it by this: the address is one of the network, and not a public one (cloud-provider-azure). */
const internalAnnotation = 'service.beta.kubernetes.io/azure-load-balancer-internal';

/** What a Service asks for. */
export interface AddressRequest {
  /** `namespace/name` */
  readonly service: string;
  /** One address of each, the Service's primary family first. */
  readonly families: readonly Family[];
  /** It goes without the second family where no pool has both. */
  readonly isSecondOptional: boolean;
  /** These and no others; empty where any will do. */
  readonly addresses: readonly string[];
  /** Of this pool and no other. */
  readonly pool: string | undefined;
  /** An address of the network and not a public one, where the two are told apart. */
  readonly isInternal: boolean;
  readonly holder: Holder;
}

/** Who has an address, and on which terms others may have it too. */
export interface Holder {
  /** `namespace/name` */
  readonly service: string;
  /** Services of equal keys may share; undefined where none may. */
  readonly sharingKey: string | undefined;
  /** Where traffic ends: empty for externalTrafficPolicy Cluster, else the pods it is kept to. */
  readonly backends: string;
  /** `TCP/80` */
  readonly ports: readonly string[];
}

/** Whether it is for us to give this Service addresses. */
export function wantsAddresses({ spec: { type, loadBalancerClass: wanted } }: Service): boolean {
  return type === 'LoadBalancer' && (wanted ?? loadBalancerClass) === loadBalancerClass;
}

/**
 * The request of a Service that has its cluster addresses: of their families it gets load balancer's addresses. A text
 * says what cannot be understood.
 */
export function requestOf(service: Service): AddressRequest | string {
  const { spec } = service;
  const families = [...new Set(clusterIPsOf(service).map(familyOf))];
  const wanted = wantedAddresses(service);
  if (typeof wanted === 'string') return wanted;
  if (families.length === 0) return 'it has no cluster address yet';
  const problem = problemOf(wanted, families);
  if (problem !== undefined) return problem;
  return {
    service: nameOf(service),
    families,
    isSecondOptional: spec.ipFamilyPolicy === 'PreferDualStack',
    addresses: wanted,
    pool: annotationOf(service, 'address-pool'),
    isInternal: service.metadata.annotations?.[internalAnnotation] === 'true',
    holder: holderOf(service),
  };
}

/** On which terms a Service has its addresses. */
export function holderOf(service: Service): Holder {
  const { spec } = service;
  const selector = Object.entries(spec.selector ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const pods =
    selector.length === 0 ? nameOf(service) : JSON.stringify([service.metadata.namespace, selector]);
  return {
    service: nameOf(service),
    sharingKey: annotationOf(service, 'allow-shared-ip'),
    backends: spec.externalTrafficPolicy === 'Local' ? pods : '',
    ports: (spec.ports ?? []).map(({ port, protocol = 'TCP' }) => `${protocol}/${port}`),
  };
}

/** Whether two Services may have one address: both want to, no port is asked of both, and traffic ends alike. */
export function canShare(a: Holder, b: Holder): boolean {
  if (a.sharingKey === undefined || a.sharingKey !== b.sharingKey || a.backends !== b.backends) return false;
  return a.ports.every((port) => !b.ports.includes(port));
}

function nameOf({ metadata: { namespace = 'default', name } }: Service): string {
  return `${namespace}/${name}`;
}

function clusterIPsOf({ spec: { clusterIP = '', clusterIPs = [clusterIP] } }: Service): string[] {
  return clusterIPs.filter((address) => parseAddress(address) !== undefined);
}

/** Under either of the prefixes that its users know. */
function annotationOf({ metadata: { annotations = {} } }: Service, name: string): string | undefined {
  const value = annotations[`metallb.io/${name}`] ?? annotations[`metallb.universe.tf/${name}`];
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}

function wantedAddresses(service: Service): readonly string[] | string {
  const listed = annotationOf(service, 'loadBalancerIPs');
  const field = service.spec.loadBalancerIP ?? '';
  if (listed !== undefined && field !== '')
    return 'the annotation metallb.io/loadBalancerIPs and spec.loadBalancerIP are both there: keep one of them';
  const texts = (listed ?? field).split(',').map((text) => text.trim());
  return texts.filter((text) => text !== '').map(canonicalAddress);
}

function problemOf(wanted: readonly string[], families: readonly Family[]): string | undefined {
  const wrong = wanted.find((text) => parseAddress(text) === undefined);
  if (wrong !== undefined) return `"${wrong}" is not an address`;
  const foreign = wanted.find((text) => !families.includes(familyOf(text)));
  if (foreign !== undefined) return `${foreign} is of a family that the Service does not have`;
  const twice = wanted.find((text, index) =>
    wanted.slice(0, index).some((other) => familyOf(other) === familyOf(text)),
  );
  return twice === undefined ? undefined : `${twice} is the second address of its family`;
}
