import { keyOf } from '../../api/resources.ts';
import { arrayAt, isObject, numberAt, textAt, type StoredObject } from '../json.ts';
import { allocateAddresses } from './service-addresses.ts';
import type { ServiceIndex } from './service-index.ts';
import { allocateNodePorts } from './service-ports.ts';

export interface ServiceContext {
  readonly index: ServiceIndex;
  /** Service ranges, one per family, the primary one first. */
  readonly cidrs: readonly string[];
}

/**
 * Gives a Service its cluster addresses and node ports, or keeps those it has. Nothing is reserved here: what
 * is taken follows from what is stored, so a dry run and a failed write leave nothing behind.
 */
export function admitService(
  context: ServiceContext,
  service: StoredObject,
  previous: StoredObject | undefined,
): StoredObject {
  const kept = previous === undefined ? service : withAllocated(service, previous);
  const spec = isObject(kept['spec']) ? { ...kept['spec'] } : {};
  const key = keyOf(kept);
  const draft = { ...kept, spec };
  allocateAddresses(context, { key, service: draft, spec, previous });
  allocateNodePorts(context, { key, service: draft, spec, previous });
  return draft;
}

/** A draft that is being completed; `spec` is its own and may be changed. */
export interface ServiceDraft {
  readonly key: string;
  readonly service: StoredObject;
  readonly spec: Record<string, unknown>;
  readonly previous: StoredObject | undefined;
}

/** What an update leaves out and a Service holds already, it keeps (upstream patchAllocatedValues). */
function withAllocated(service: StoredObject, previous: StoredObject): StoredObject {
  const spec: Record<string, unknown> = isObject(service['spec']) ? { ...service['spec'] } : {};
  const before = previous['spec'];
  const hadAddress = hasAddress(previous) && spec['type'] !== 'ExternalName';
  if (hadAddress && isObject(before)) {
    if (textAt(spec, ['clusterIP']) === '') spec['clusterIP'] = before['clusterIP'];
    if (arrayAt(spec, ['clusterIPs']).length === 0 && spec['clusterIP'] === before['clusterIP']) {
      spec['clusterIPs'] = before['clusterIPs'];
    }
    for (const field of ['ipFamilies', 'ipFamilyPolicy']) spec[field] ??= before[field];
  }
  if (needsNodePorts(spec) && Array.isArray(spec['ports'])) {
    spec['ports'] = spec['ports'].map((port: unknown) => withNodePort(port, previous));
    if (
      spec['healthCheckNodePort'] === undefined &&
      isObject(before) &&
      before['healthCheckNodePort'] !== undefined
    ) {
      spec['healthCheckNodePort'] = before['healthCheckNodePort'];
    }
  }
  return { ...service, spec };
}

function withNodePort(port: unknown, previous: StoredObject): unknown {
  if (!isObject(port) || numberAt(port, ['nodePort']) !== 0) return port;
  const before = arrayAt(previous, ['spec', 'ports']).find(
    (old) =>
      numberAt(old, ['port']) === port['port'] &&
      (textAt(old, ['protocol']) || 'TCP') === (textAt(port, ['protocol']) || 'TCP'),
  );
  const nodePort = numberAt(before, ['nodePort']);
  return nodePort === 0 ? port : { ...port, nodePort };
}

/** Whether a Service of this type has an address or is headless: all but ExternalName. */
export function hasAddress(service: StoredObject): boolean {
  return textAt(service, ['spec', 'type']) !== 'ExternalName';
}

export function needsNodePorts(spec: Record<string, unknown>): boolean {
  const type = spec['type'];
  return type === 'NodePort' || (type === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] !== false);
}
