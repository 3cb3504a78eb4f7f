import type { Protocol } from '../../api/types/meta.ts';
import type { Cluster } from '../../model/cluster.ts';
import { lastingContainers } from '../../model/identity/pod-facts.ts';
import type { Flow } from '../flow.ts';
import { predict } from '../predict/predict.ts';

/** A port at which the same destination answers the same source. */
export interface OtherPort {
  readonly protocol: Protocol;
  readonly port: number;
}

/** The ports that the destination declares and the source may ask for, by number: for who asked for another. */
export function otherPorts(cluster: Cluster, flow: Flow): OtherPort[] {
  const all = declaredPorts(cluster, flow.destination).filter(
    (one) => one.protocol !== flow.protocol || one.port !== flow.port,
  );
  return all
    .filter((one) => predict(cluster, { ...flow, ...one }).verdict === 'allowed')
    .sort((a, b) => a.port - b.port);
}

function declaredPorts({ pods, services }: Cluster, destination: Flow['destination']): OtherPort[] {
  if (destination.kind === 'service') {
    const { ports = [] } = services.get(destination.key)?.spec ?? {};
    return ports.map(({ protocol = 'TCP', port }) => ({ protocol, port }));
  }
  const pod = destination.kind === 'pod' ? pods.get(destination.key) : undefined;
  return (pod === undefined ? [] : lastingContainers(pod))
    .flatMap(({ ports = [] }) => ports)
    .map(({ protocol = 'TCP', containerPort }) => ({ protocol, port: containerPort }));
}
