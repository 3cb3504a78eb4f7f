import { matchesSelector } from '../../api/selector.ts';
import type { Labels } from '../../api/types/meta.ts';
import type { PodPeer } from './compile.ts';
import type { PodFacts } from './port.ts';

/** Whether a selection of pods, in one namespace or in many, has a pod with these facts in it. */
export function isSelected(
  { namespaces, pods }: Pick<PodPeer, 'namespaces' | 'pods'>,
  { namespace, labels }: PodFacts,
  population: { labelsOf(namespace: string): Labels },
): boolean {
  const isThere =
    'name' in namespaces
      ? namespace === namespaces.name
      : matchesSelector(namespaces.selector, population.labelsOf(namespace));
  return isThere && matchesSelector(pods, labels);
}
