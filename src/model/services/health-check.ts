import type { Service } from '../../api/types/core.ts';
import type { Family } from '../../lib/address.ts';
import type { ServicePortModel } from './port.ts';
import { isOfOtherProxy } from './service-ports.ts';

/**
 * The port of each node at which a load balancer asks whether to send to it: only where traffic from outside is kept on
 * the node that it comes to.
 */
export function healthCheckPort(service: Service): number | undefined {
  const { type, externalTrafficPolicy, healthCheckNodePort = 0 } = service.spec;
  const isAsked = type === 'LoadBalancer' && externalTrafficPolicy === 'Local' && !isOfOtherProxy(service);
  return isAsked && healthCheckNodePort !== 0 ? healthCheckNodePort : undefined;
}

/**
 * How many endpoints of a Service are ready on a node: a pod counts once, whichever its ports, and one that terminates
 * does not, so that load balancers go elsewhere while it still serves (KEP-1669).
 */
export function readyOnNode(ports: readonly ServicePortModel[], family: Family, node: string): number {
  const own = ports.filter((port) => port.family === family).flatMap(({ endpoints }) => endpoints);
  const ready = own.filter(({ nodeName, isTerminating }) => nodeName === node && isTerminating !== true);
  return new Set(ready.map(({ address }) => address)).size;
}
