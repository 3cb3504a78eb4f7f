import { familyOf, type Address } from '../../lib/address.ts';
import type { Pod } from '../../api/types/core.ts';
import { intersectPorts, noPorts, unionPorts, type PortSet } from '../../model/policy/port-set.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Judged, Outcome, Reason, SourceOf } from '../flow.ts';
import { policyPorts, policyReasons } from '../predict/policy-stage.ts';
import { waysOf } from '../predict/predict.ts';
import type { ReachRows } from './answer.ts';
import { distinctReasons, samplesOf } from './because.ts';
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
  const wayBetween = createWays(index, options.sourceOf);
  const ports = new Map<Outcome, PortSet>();
  const portsOf = (way: Outcome): PortSet => {
    const found = ports.get(way) ?? policiesOn(index, way);
    ports.set(way, found);
    return found;
  };

  const add = (
    answer: ReachRows,
    { name: source, all: from }: Named<SegmentSender>,
    { name: destination, all: to }: Named<SegmentTarget>,
  ): void => {
    const ways = from.flatMap((sender) => to.flatMap((target) => wayBetween(sender, target) ?? []));
    const variants = distinctPorts(ways.map((way) => (way === 'none' ? noPorts : portsOf(way))));
    answer.add(source, destination, variants.reduce(unionPorts, noPorts), {
      why:
        variants.length > 1
          ? `it depends on the pods: ${variants.map(portsInWords).join(' or ')}`
          : undefined,
      because: (asked) =>
        distinctReasons(
          ways.flatMap((way) => (way === 'none' ? [] : reasonsOn(index, way, { asked, ...options }))),
        ),
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

type WayBetween = (sender: SegmentSender, target: SegmentTarget) => Outcome | 'none' | undefined;

/** Undefined where nobody asks: of other families, or the same pod. */
function createWays({ cluster }: ClusterIndex, sourceOf: SourceOf | undefined): WayBetween {
  const known = new Map<string, Outcome | 'none'>();
  return (sender, target) => {
    const { address, at } = target;
    if (!sender.families.includes(familyOf(address))) return undefined;
    if (sender.pod !== undefined && sender.pod === target.pod) return undefined;
    const key = `${sender.class} > ${target.class}`;
    const ways = (): Outcome | 'none' => {
      const ends = { source: sender.end, destination: { kind: 'address', address } as const };
      const outcomes = waysOf(cluster, ends, { ...(sourceOf && { sourceOf }) });
      // Segments that do not meet may have the same addresses.
      const isThere = ({ verdict, path }: Outcome): boolean =>
        verdict === 'allowed' && (at === undefined || path.at(-1)?.at === at);
      return outcomes.find(isThere) ?? 'none';
    };
    const found = known.get(key) ?? ways();
    known.set(key, found);
    return found;
  };
}

/** What all policies on a way let through. */
function policiesOn(index: ClusterIndex, { judged = [] }: Outcome): PortSet {
  return judged.map((stage) => policyPorts(index, stage)).reduce(intersectPorts, 'all');
}

function reasonsOn(
  index: ClusterIndex,
  { judged = [], reasons }: Outcome,
  { asked, sourceOf }: { readonly asked: PortSet; readonly sourceOf: SourceOf | undefined },
): Reason[] {
  const said = (direction: Judged['direction']): Reason[] =>
    judged
      .filter((stage) => stage.direction === direction)
      .flatMap((stage) =>
        samplesOf(asked).flatMap((one) => policyReasons(index, { ...stage, ...one }, sourceOf).reasons),
      );
  const routes = reasons.filter(({ stage }) => stage === 'route');
  return [...said('egress'), ...routes, ...said('ingress')];
}
