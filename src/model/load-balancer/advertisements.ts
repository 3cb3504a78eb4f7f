import { matchesSelector } from '../../api/selector.ts';
import type { Node, Service } from '../../api/types/core.ts';
import type { AdvertisementScope } from '../../api/types/load-balancer.ts';
import type { KubernetesObject, LabelSelector, Labels } from '../../api/types/meta.ts';
import { familyOf } from '../../lib/address.ts';
import { choose } from '../services/choose.ts';
import type { ServicePortModel } from '../services/port.ts';
import { loadBalancerNamespace, type Pool } from './pools.ts';

/** Nodes with this label are not to be sent load balancers' traffic (KEP-1143). */
const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** Advertisements count where pools do. */
export function isHonoured({ metadata }: KubernetesObject): boolean {
  return metadata.namespace === loadBalancerNamespace && metadata.deletionTimestamp === undefined;
}

/** Whether an advertisement is about a pool's addresses, and of this Service. */
export function advertises(
  { ipAddressPools = [], ipAddressPoolSelectors = [], serviceSelectors = [] }: AdvertisementScope,
  pool: Pool,
  service: Service,
): boolean {
  const isEveryPool = ipAddressPools.length + ipAddressPoolSelectors.length === 0;
  const isPool =
    isEveryPool || ipAddressPools.includes(pool.name) || isSelected(ipAddressPoolSelectors, pool.labels);
  return isPool && (serviceSelectors.length === 0 || isSelected(serviceSelectors, service.metadata.labels));
}

/** Whether an advertisement lets this node announce. */
export function mayAnnounce({ nodeSelectors = [] }: AdvertisementScope, node: Node): boolean {
  return nodeSelectors.length === 0 || isSelected(nodeSelectors, node.metadata.labels);
}

/** Whether a node is fit to be sent load balancers' traffic: ready, with a network, not excluded, not going away. */
export function isFit({ metadata, status }: Node): boolean {
  const conditions = status?.conditions ?? [];
  const holds = (name: string): boolean =>
    conditions.some(({ type, status: truth }) => type === name && truth === 'True');
  const isExcluded = metadata.labels?.[excludeLabel] !== undefined;
  return (
    holds('Ready') && !holds('NetworkUnavailable') && !isExcluded && metadata.deletionTimestamp === undefined
  );
}

/**
 * Whether a node does something with what comes from outside for the Service in this family: anything, a rejection too,
 * unless externalTrafficPolicy Local keeps it on a node without endpoints.
 */
export function servesOutside(ports: readonly ServicePortModel[], address: string, node: string): boolean {
  const own = ports.filter(({ family }) => family === familyOf(address));
  const isKeptLocal = own.some(({ externalPolicy }) => externalPolicy === 'Local');
  if (!isKeptLocal) return true;
  const chooser = { name: node, zone: undefined };
  return own.some(
    (port) => choose(port, chooser, { by: 'external', isFromInside: false }).kind === 'endpoints',
  );
}

function isSelected(selectors: readonly LabelSelector[], labels: Labels | undefined): boolean {
  return selectors.some((selector) => matchesSelector(selector, labels));
}
