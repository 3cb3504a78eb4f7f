import { matchesSelector, namespaceNameLabel } from '../../api/selector.ts';
import type { LabelSelector } from '../../api/types/meta.ts';
import type { Cluster } from '../../model/cluster.ts';
import { podFacts } from '../../model/identity/pod-facts.ts';

/** Finds pods by what their namespaces are and what their labels are. */
export interface PodFinder {
  /** Names of the namespaces, of those that there are, whose labels match. */
  namespaces(selector: LabelSelector): readonly string[];
  /** Keys of the pods in these namespaces whose labels match; those on the host network, whom no policy sees, apart. */
  pods(
    namespaces: readonly string[],
    selector: LabelSelector,
  ): { readonly seen: readonly string[]; readonly onHost: readonly string[] };
}

export function createPodFinder(cluster: Cluster): PodFinder {
  const byNamespace = Map.groupBy(cluster.pods, ([, { metadata }]) => metadata.namespace ?? 'default');
  return {
    namespaces: (selector) =>
      [...cluster.namespaces]
        .filter(([name, { metadata }]) =>
          matchesSelector(selector, { ...metadata.labels, [namespaceNameLabel]: name }),
        )
        .map(([name]) => name),
    pods(namespaces, selector) {
      const found = namespaces
        .flatMap((name) => byNamespace.get(name) ?? [])
        .filter(([, { metadata }]) => matchesSelector(selector, metadata.labels));
      const keys = (isSeen: boolean): string[] =>
        found.filter(([, pod]) => (podFacts(pod) !== undefined) === isSeen).map(([key]) => key);
      return { seen: keys(true), onHost: keys(false) };
    },
  };
}
