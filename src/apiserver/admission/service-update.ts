import { arrayAt, isObject, numberAt, sameJson, textAt, type StoredObject } from '../json.ts';
import { mayHaveNodePorts, needsNodePorts } from './service-draft.ts';

type Spec = Record<string, unknown>;

/**
 * What an update means before it is checked: what it leaves out and the Service was given, it keeps; what belongs
 * to the type that it leaves, and was not touched, goes (upstream `patchAllocatedValues`, `normalizeClusterIPs`
 * and `dropTypeDependentFields`). Without this no client that sends whole objects could change a type.
 */
export function prepareService(service: StoredObject, previous: StoredObject | undefined): StoredObject {
  if (!isObject(service['spec'])) return service;
  const spec: Spec = { ...service['spec'] };
  const before = previous?.['spec'];
  if (isObject(before)) {
    keepAllocated(spec, before);
    normalizeClusterIPs(spec, before);
    dropForeignFields(spec, before);
  } else if (textAt(spec, ['clusterIP']) !== '' && arrayAt(spec, ['clusterIPs']).length === 0) {
    spec['clusterIPs'] = [spec['clusterIP']];
  }
  spec['ipFamilyPolicy'] ??= policyOf(spec, before);
  if (spec['ipFamilyPolicy'] === undefined) delete spec['ipFamilyPolicy'];
  // Nobody serves traffic for a name elsewhere.
  if (typeOf(spec) === 'ExternalName') delete spec['internalTrafficPolicy'];
  const prepared = { ...service, spec };
  return isObject(before) ? withoutLostBalancer(prepared, before) : prepared;
}

/** Who is no load balancer any more has none of its addresses. */
function withoutLostBalancer(service: StoredObject, before: Spec): StoredObject {
  const status = service['status'];
  if (!isLoadBalancer(before) || isLoadBalancer(service['spec'] as Spec) || !isObject(status)) return service;
  return { ...service, status: { ...status, loadBalancer: {} } };
}

/** Never between one and two families without being told; without selector and address, both (upstream). */
function policyOf(spec: Spec, before: unknown): unknown {
  if (spec['type'] === 'ExternalName') return undefined;
  if (isObject(before) && before['ipFamilyPolicy'] !== undefined) return before['ipFamilyPolicy'];
  const isSelectorless = !isObject(spec['selector']) || Object.keys(spec['selector']).length === 0;
  return textAt(spec, ['clusterIP']) === 'None' && isSelectorless ? 'RequireDualStack' : undefined;
}

function keepAllocated(spec: Spec, before: Spec): void {
  if (needsAddress(before) && needsAddress(spec)) {
    if (textAt(spec, ['clusterIP']) === '') spec['clusterIP'] = before['clusterIP'];
    if (arrayAt(spec, ['clusterIPs']).length === 0 && spec['clusterIP'] === before['clusterIP']) {
      spec['clusterIPs'] = before['clusterIPs'];
    }
  }
  if (needsNodePorts(before) && needsNodePorts(spec)) keepNodePorts(spec, before);
  if (needsHealthCheckPort(before) && needsHealthCheckPort(spec)) {
    if (numberAt(spec, ['healthCheckNodePort']) === 0)
      spec['healthCheckNodePort'] = before['healthCheckNodePort'];
  }
}

function keepNodePorts(spec: Spec, before: Spec): void {
  const { ports } = spec;
  if (!Array.isArray(ports)) return;
  const used = new Set(ports.map((port) => numberAt(port, ['nodePort'])));
  spec['ports'] = ports.map((port: unknown) => {
    if (!isObject(port) || numberAt(port, ['nodePort']) !== 0) return port;
    const nodePort = numberAt(
      arrayAt(before, ['ports']).find((old) => isSamePort(old, port)),
      ['nodePort'],
    );
    return nodePort === 0 || used.has(nodePort) ? port : { ...port, nodePort };
  });
}

function isSamePort(one: unknown, other: unknown): boolean {
  return numberAt(one, ['port']) === numberAt(other, ['port']) && protocolOf(one) === protocolOf(other);
}

function protocolOf(port: unknown): string {
  return textAt(port, ['protocol']) || 'TCP';
}

/** Clients that know only `clusterIP` change it alone; then `clusterIPs` follows. */
function normalizeClusterIPs(spec: Spec, before: Spec): void {
  const [now, old] = [textAt(spec, ['clusterIP']), textAt(before, ['clusterIP'])];
  const same = sameJson(arrayAt(spec, ['clusterIPs']), arrayAt(before, ['clusterIPs']));
  if (now !== old && same) {
    if (now === '') delete spec['clusterIPs'];
    else spec['clusterIPs'] = [now];
  } else if (now !== '' && arrayAt(spec, ['clusterIPs']).length === 0) {
    spec['clusterIPs'] = [now];
  }
}

/** Fields that mean nothing with the new type: left as they were they go, changed they are for validation to refuse. */
function dropForeignFields(spec: Spec, before: Spec): void {
  const drop = (fields: readonly string[], applies: (spec: Spec) => boolean): void => {
    if (!applies(before) || applies(spec)) return;
    for (const field of fields) if (sameJson(spec[field], before[field])) delete spec[field];
  };
  if (needsAddress(before) && !needsAddress(spec) && sameAddresses(spec, before)) {
    delete spec['clusterIP'];
    delete spec['clusterIPs'];
  }
  drop(['ipFamilies', 'ipFamilyPolicy'], needsAddress);
  drop(['healthCheckNodePort'], needsHealthCheckPort);
  drop(['allocateLoadBalancerNodePorts', 'loadBalancerClass'], isLoadBalancer);
  drop(['externalTrafficPolicy'], isExternal);
  drop(['internalTrafficPolicy'], needsAddress);
  if (mayHaveNodePorts(before) && !mayHaveNodePorts(spec)) dropNodePorts(spec, before);
}

function sameAddresses(spec: Spec, before: Spec): boolean {
  return textAt(spec, ['clusterIP']) === textAt(before, ['clusterIP']);
}

/** Node ports go with the type, unless the update asks for others than there were. */
function dropNodePorts(spec: Spec, before: Spec): void {
  const old = new Set(arrayAt(before, ['ports']).map((port) => numberAt(port, ['nodePort'])));
  const { ports } = spec;
  if (!Array.isArray(ports)) return;
  const asked = ports.map((port) => numberAt(port, ['nodePort']));
  if (asked.some((port) => port !== 0 && !old.has(port))) return;
  spec['ports'] = ports.map((port: unknown) => {
    if (!isObject(port)) return port;
    const { nodePort, ...rest } = port;
    void nodePort;
    return rest;
  });
}

const typeOf = (spec: Spec): string => textAt(spec, ['type']) || 'ClusterIP';
const needsAddress = (spec: Spec): boolean => typeOf(spec) !== 'ExternalName';
const isLoadBalancer = (spec: Spec): boolean => typeOf(spec) === 'LoadBalancer';
const needsHealthCheckPort = (spec: Spec): boolean =>
  isLoadBalancer(spec) && spec['externalTrafficPolicy'] === 'Local';
const isExternal = (spec: Spec): boolean =>
  mayHaveNodePorts(spec) || (needsAddress(spec) && arrayAt(spec, ['externalIPs']).length > 0);
