import { allocateNodePort } from '../../api/allocation.ts';
import { resources } from '../../api/resources.ts';
import { isObject, numberAt, textAt } from '../json.ts';
import { invalid, invalidValue, StatusError } from '../status.ts';
import { mayHaveNodePorts, needsNodePorts, type ServiceContext, type ServiceDraft } from './service-draft.ts';

/** Sets the node ports of a draft, or removes them where its type has none. Throws 422 for ports that are taken. */
export function allocateNodePorts(context: ServiceContext, draft: ServiceDraft): void {
  const { spec } = draft;
  const ports = Array.isArray(spec['ports']) ? spec['ports'].filter(isObject) : [];
  if (!mayHaveNodePorts(spec)) {
    delete spec['healthCheckNodePort'];
    return;
  }
  const used = new Set<number>();
  for (const [port, holder] of context.index.nodePorts) if (holder !== draft.key) used.add(port);
  requireFreePorts(draft, ports, used);
  for (const port of ports) used.add(numberAt(port, ['nodePort']));
  spec['ports'] = ports.map((port) => {
    if (numberAt(port, ['nodePort']) !== 0 || !needsNodePorts(spec)) return port;
    const id = `${numberAt(port, ['port'])}-${textAt(port, ['protocol'])}`;
    return { ...port, nodePort: freePort(used, `${draft.key}/${id}`) };
  });
  allocateHealthCheckPort(draft, used);
}

/** A port that another Service holds, or that two ports of one protocol ask for. */
function requireFreePorts(
  draft: ServiceDraft,
  ports: readonly Record<string, unknown>[],
  used: Set<number>,
): void {
  const seen = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const nodePort = numberAt(port, ['nodePort']);
    if (nodePort === 0) continue;
    const once = `${nodePort}/${textAt(port, ['protocol']) || 'TCP'}`;
    if (used.has(nodePort) || seen.has(once)) {
      const cause = invalidValue(`spec.ports[${i}].nodePort`, nodePort, 'provided port is already allocated');
      throw invalid(resources.services, draft.service.metadata.name, [cause]);
    }
    seen.add(once);
  }
}

/** Only a load balancer that keeps client addresses asks nodes whether they have endpoints. */
function allocateHealthCheckPort({ key, spec }: ServiceDraft, used: Set<number>): void {
  if (spec['type'] !== 'LoadBalancer' || spec['externalTrafficPolicy'] !== 'Local') {
    delete spec['healthCheckNodePort'];
  } else if (numberAt(spec, ['healthCheckNodePort']) === 0) {
    spec['healthCheckNodePort'] = freePort(used, `${key}/health`);
  }
}

function freePort(used: Set<number>, key: string): number {
  const port = allocateNodePort(used, key);
  if (port === undefined) {
    throw new StatusError(
      500,
      'InternalError',
      'Internal error occurred: failed to allocate a nodePort: range is full',
      {},
    );
  }
  used.add(port);
  return port;
}
