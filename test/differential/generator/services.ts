import * as fc from 'fast-check';
import type { Service, ServicePort } from '../../../src/api/types/core.ts';
import { labelsFrom, namespaceName } from './pods.ts';
import { podLabels, portNames, portNumbers, protocols, servicePorts } from './vocabulary.ts';

const portSeed = fc.record({
  port: fc.constantFrom(...servicePorts),
  protocol: fc.option(fc.constantFrom(...protocols), { nil: undefined }),
  targetPort: fc.option(
    fc.oneof(fc.constantFrom<number | string>(...portNumbers), fc.constantFrom(...portNames)),
    {
      nil: undefined,
    },
  ),
});

export const serviceSeed = fc.record({
  namespace: fc.nat(7),
  kind: fc.constantFrom<'ClusterIP' | 'NodePort' | 'headless'>(
    'ClusterIP',
    'ClusterIP',
    'NodePort',
    'NodePort',
    'headless',
  ),
  /** An application that nobody is, now and then: a Service without endpoints. */
  selector: fc.oneof(
    { weight: 6, arbitrary: labelsFrom(podLabels) },
    { weight: 1, arbitrary: fc.constant({ app: 'none' }) },
  ),
  ports: fc.array(portSeed, { minLength: 1, maxLength: 3 }),
});
export type ServiceSeed = typeof serviceSeed extends fc.Arbitrary<infer T> ? T : never;

export function serviceOf(
  seed: ServiceSeed,
  { index, namespaces }: { index: number; namespaces: number },
): Service {
  const ports = new Map<string, ServicePort>();
  for (const { port, protocol, targetPort } of seed.ports) {
    ports.set(`${protocol ?? 'TCP'} ${port}`, {
      port,
      ...(protocol === undefined ? {} : { protocol }),
      ...(targetPort === undefined ? {} : { targetPort }),
    });
  }
  // An empty selector would be no selector.
  const selector = Object.keys(seed.selector).length === 0 ? { app: 'web' } : seed.selector;
  const type = seed.kind === 'headless' ? { clusterIP: 'None' } : { type: seed.kind };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: namespaceName(seed.namespace % namespaces), name: `svc-${index}` },
    spec: { ...type, selector, ports: distinctNames([...ports.values()]) },
  };
}

/** A single port may go without a name. */
function distinctNames(ports: readonly ServicePort[]): ServicePort[] {
  return ports.map((port, index) => (ports.length === 1 ? port : { name: `p${index}`, ...port }));
}
