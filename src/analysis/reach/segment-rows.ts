import { familyOf, type Address } from '../../lib/address.ts';
import type { Pod } from '../../api/types/core.ts';
import { noPorts, unionPorts } from '../../model/policy/port-set.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { SourceOf } from '../flow.ts';
import type { ReachRows } from './answer.ts';
import { distinctReasons } from './because.ts';
import { distinctPorts } from './pairs.ts';
import {
  internetName,
  segmentEnds,
  segmentNamesAt,
  type Named,
  type SegmentEndOptions,
  type SegmentSender,
  type SegmentTarget,
} from './segment-ends.ts';
import { segmentWays } from './segment-ways.ts';
import { portsInWords } from './variants.ts';

/** Tells rows of which one end is a machine on a segment, or a further interface of a pod. */
export interface SegmentRows {
  /** Names of machines and of interfaces; the internet is no end of its own. */
  readonly ends: readonly string[];
  /** Which of them have an address. */
  namesAt(address: Address): readonly string[];
  /** From machines and the internet, to each other and to pods. */
  fromMachines(answer: ReachRows): void;
  /** From a workload or pod to machines. */
  toMachines(answer: ReachRows, entity: string): void;
  /** From a workload or pod to interfaces of others. */
  toInterfaces(answer: ReachRows, entity: string): void;
}

interface Options extends SegmentEndOptions {
  readonly pods: ReadonlyMap<string, Pod>;
  readonly sourceOf: SourceOf | undefined;
}

/** Where nobody describes segments. */
const noRows: SegmentRows = {
  ends: [],
  namesAt: () => [],
  fromMachines: () => undefined,
  toMachines: () => undefined,
  toInterfaces: () => undefined,
};

/** Whoever ways and policies do not tell apart is walked once. */
export function segmentRows(index: ClusterIndex, options: Options): SegmentRows {
  const { segments } = index;
  if (segments === undefined) return noRows;
  const all = segmentEnds(index, segments, options);
  const { machines, interfaces, hostPods } = all;
  const ways = segmentWays(index, options.sourceOf);

  const add = (
    answer: ReachRows,
    { name: source, all: from }: Named<SegmentSender>,
    { name: destination, all: to }: Named<SegmentTarget>,
  ): void => {
    const pairs = from.flatMap((sender) =>
      to.filter((target) => isAsked(sender, target)).map((target) => [sender, target] as const),
    );
    const variants = distinctPorts(pairs.map(([sender, target]) => ways.ports(sender, target)));
    const words = variants.map(portsInWords).join(' or ');
    answer.add(source, destination, variants.reduce(unionPorts, noPorts), {
      why: variants.length > 1 ? `it depends on the pods: ${words}` : undefined,
      because: (asked) =>
        distinctReasons(pairs.flatMap(([sender, target]) => ways.reasons(sender, target, asked))),
    });
  };
  const asTargets = machines.map(({ name, targets }) => ({ name, all: targets }));
  const pod = (name: string): Named<SegmentSender> => ({ name, all: all.senders(name) });

  return {
    ends: [...machines.filter(({ name }) => name !== internetName), ...interfaces].map(({ name }) => name),
    namesAt: (address) => segmentNamesAt(all, address),
    fromMachines(answer) {
      for (const source of machines) {
        for (const one of [...asTargets, ...hostPods, ...interfaces])
          if (one.name !== source.name) add(answer, source, one);
      }
    },
    toMachines(answer, entity) {
      // Of the internet it is told which addresses policies open.
      for (const one of asTargets) if (one.name !== internetName) add(answer, pod(entity), one);
    },
    toInterfaces(answer, entity) {
      for (const one of interfaces) if (one.of !== entity) add(answer, pod(entity), one);
    },
  };
}

/** Not of other families, nor what a pod has itself. */
const isAsked = ({ families, pod }: SegmentSender, { address, pod: other }: SegmentTarget): boolean =>
  families.includes(familyOf(address)) && (pod === undefined || pod !== other);
