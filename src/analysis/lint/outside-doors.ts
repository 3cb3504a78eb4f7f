import type { ServicePortModel } from '../../model/services/port.ts';
import type { LintFacts } from './facts.ts';

/** A way from outside the cluster to a pod: a port of a Service that has a node port or an external address. */
export interface Door {
  readonly port: ServicePortModel;
  readonly pod: string;
  /** The pod's, behind the door. */
  readonly address: string;
  readonly podPort: number;
}

/** The doors to these pods. */
export function doorsTo({ index, services }: LintFacts, pods: Iterable<string>): Door[] {
  const wanted = new Set(pods);
  return services.flatMap(({ key }) =>
    index.services
      .portsOf(key)
      .filter(({ nodePort, externalAddresses }) => nodePort !== undefined || externalAddresses.length > 0)
      .flatMap((port) =>
        port.endpoints.flatMap(({ pod, address, port: podPort }) =>
          pod === undefined || !wanted.has(pod) ? [] : [{ port, pod, address, podPort }],
        ),
      ),
  );
}
