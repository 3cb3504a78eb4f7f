import type { StoredObject } from '../json.ts';
import type { ServiceIndex } from './service-index.ts';

export interface ServiceContext {
  readonly index: ServiceIndex;
  /** Service ranges, one per family, the primary one first. */
  readonly cidrs: readonly string[];
}

/** A draft that is being completed; `spec` is its own and may be changed. */
export interface ServiceDraft {
  readonly key: string;
  readonly service: StoredObject;
  readonly spec: Record<string, unknown>;
  readonly previous: StoredObject | undefined;
}

/** Whether a Service with this spec may have node ports, given or asked for. */
export function mayHaveNodePorts(spec: Record<string, unknown>): boolean {
  return spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';
}

/** Whether a Service with this spec is given node ports. */
export function needsNodePorts(spec: Record<string, unknown>): boolean {
  const type = spec['type'];
  return type === 'NodePort' || (type === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] !== false);
}
