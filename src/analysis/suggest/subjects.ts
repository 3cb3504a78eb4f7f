import type { Pod } from '../../api/types/core.ts';
import type { LabelSelector } from '../../api/types/meta.ts';
import { workloadOf, workloadText, type Workload } from '../../model/workloads/workload-of.ts';
import { commonLabels, selectorOf, type Labelled } from './selectors.ts';

/** Pods that policies can name together and apart from all others: as a rule those of one workload. */
export interface Subject {
  readonly namespace: string;
  /** Of the workload; of the first of several that labels do not tell apart. */
  readonly name: string;
  readonly kind: string;
  /** `NAMESPACE/NAME[KIND]` of each. */
  readonly workloads: readonly string[];
  /** Undefined where the pods have no labels to be named by. */
  readonly selector: LabelSelector | undefined;
  readonly pods: readonly Pod[];
}

interface Member extends Labelled {
  readonly workload: Workload;
}

/** Who policies can be about, by namespace and name. Pods on the host network are their nodes to every policy. */
export function subjectsOf(pods: Iterable<Pod>): Subject[] {
  const byNamespace = new Map<string, Map<string, { workload: Workload; pods: Pod[] }>>();
  for (const pod of pods) {
    if (pod.spec.hostNetwork === true) continue;
    const workload = workloadOf(pod);
    const ofNamespace =
      byNamespace.get(workload.namespace) ?? new Map<string, { workload: Workload; pods: Pod[] }>();
    byNamespace.set(workload.namespace, ofNamespace);
    const name = workloadText(workload);
    const known = ofNamespace.get(name);
    if (known === undefined) ofNamespace.set(name, { workload, pods: [pod] });
    else known.pods.push(pod);
  }
  const subjects = [...byNamespace.values()].flatMap((workloads) =>
    subjectsIn(Array.from(workloads, ([name, found]) => ({ name, ...found }))),
  );
  return subjects.sort((a, b) => ((a.workloads[0] ?? '') < (b.workloads[0] ?? '') ? -1 : 1));
}

function subjectsIn(members: readonly Member[]): Subject[] {
  let groups = members.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((member) => [member]);
  const asLabelled = (group: readonly Member[]): Labelled => ({
    name: group[0]?.name ?? '',
    pods: group.flatMap(({ pods }) => pods),
  });
  const selectorIn = (group: readonly Member[]): LabelSelector | undefined =>
    selectorOf(asLabelled(group), groups.filter((one) => one !== group).map(asLabelled));
  // Those that labels do not tell from others become one with these, until each is told from all others.
  for (;;) {
    const blurred = groups.find((group) => isLabelled(group) && selectorIn(group) === undefined);
    if (blurred === undefined) break;
    const labels = Object.entries(commonLabels(asLabelled(blurred).pods));
    const alike = groups.filter(
      (group) =>
        group !== blurred &&
        group.some(({ pods }) =>
          pods.some(({ metadata }) => labels.every(([key, value]) => metadata.labels?.[key] === value)),
        ),
    );
    groups = [
      ...groups.filter((group) => group !== blurred && !alike.includes(group)),
      [...blurred, ...alike.flat()],
    ];
  }
  return groups.flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { workload } = first;
    return [
      {
        ...workload,
        workloads: group.map(({ name }) => name).sort(),
        selector: selectorIn(group),
        pods: asLabelled(group).pods,
      },
    ];
  });
}

const isLabelled = (group: readonly Member[]): boolean =>
  Object.keys(commonLabels(group.flatMap(({ pods }) => pods))).length > 0;
