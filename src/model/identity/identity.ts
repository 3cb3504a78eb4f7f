import type { PodFacts } from '../policy/port.ts';

/**
 * The canonical key of an identity: equal exactly for pods that agree in namespace, labels and named ports, in
 * whatever order they list them. Everything that depends on a pod only through its facts is computed per key.
 */
export function identityOf({ namespace, labels, namedPorts }: PodFacts): string {
  const sortedLabels = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const sortedPorts = namedPorts.map(({ name, protocol, port }) => `${name} ${protocol} ${port}`).sort();
  return JSON.stringify([namespace, sortedLabels, sortedPorts]);
}
