import { arrayAt, isObject, numberAt, textAt } from '../json.ts';
import { needsNodePorts } from './service-draft.ts';

/** What an update leaves out and the Service holds already, it keeps (upstream `patchAllocatedValues`). */
export function keepAllocated(spec: Record<string, unknown>, before: unknown): void {
  if (!isObject(before)) return;
  if (before['type'] !== 'ExternalName' && spec['type'] !== 'ExternalName') keepAddresses(spec, before);
  if (needsNodePorts(spec)) keepNodePorts(spec, before);
}

function keepAddresses(spec: Record<string, unknown>, before: Record<string, unknown>): void {
  if (textAt(spec, ['clusterIP']) === '') spec['clusterIP'] = before['clusterIP'];
  if (arrayAt(spec, ['clusterIPs']).length === 0 && spec['clusterIP'] === before['clusterIP']) {
    spec['clusterIPs'] = before['clusterIPs'];
  }
  for (const field of ['ipFamilies', 'ipFamilyPolicy']) spec[field] ??= before[field];
}

function keepNodePorts(spec: Record<string, unknown>, before: Record<string, unknown>): void {
  const { ports } = spec;
  if (Array.isArray(ports)) spec['ports'] = ports.map((port: unknown) => withNodePort(port, before));
  const health = before['healthCheckNodePort'];
  if (health !== undefined) spec['healthCheckNodePort'] ??= health;
}

function withNodePort(port: unknown, before: Record<string, unknown>): unknown {
  if (!isObject(port) || numberAt(port, ['nodePort']) !== 0) return port;
  const same = arrayAt(before, ['ports']).find(
    (old) => numberAt(old, ['port']) === port['port'] && protocolOf(old) === protocolOf(port),
  );
  const nodePort = numberAt(same, ['nodePort']);
  return nodePort === 0 ? port : { ...port, nodePort };
}

function protocolOf(port: unknown): string {
  return textAt(port, ['protocol']) || 'TCP';
}
