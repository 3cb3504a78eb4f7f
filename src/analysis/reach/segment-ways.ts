import { interfaceKey } from '../../model/attachments/interfaces.ts';
import { intersectPorts, noPorts, type PortSet } from '../../model/policy/port-set.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Judged, Outcome, Reason, SourceOf } from '../flow.ts';
import { policyPorts, policyReasons } from '../predict/policy-stage.ts';
import { waysOf } from '../predict/predict.ts';
import { samplesOf } from './because.ts';
import type { SegmentSender, SegmentTarget } from './segment-ends.ts';

/** Ways over segments; each class of pairs is walked once. */
export interface SegmentWays {
  /** What all policies on the way let through; nothing where there is no way. */
  ports(sender: SegmentSender, target: SegmentTarget): PortSet;
  /** Why these of the ports are open. */
  reasons(sender: SegmentSender, target: SegmentTarget, asked: PortSet): readonly Reason[];
}

export function segmentWays(index: ClusterIndex, sourceOf: SourceOf | undefined): SegmentWays {
  const walked = new Map<string, Walked | 'none'>();
  const counted = new Map<string, PortSet>();

  const wayOf = (sender: SegmentSender, target: SegmentTarget): Walked | undefined => {
    const key = `${sender.way} > ${target.way}`;
    const found = walked.get(key) ?? walk(index, { sender, target }, sourceOf) ?? 'none';
    walked.set(key, found);
    return found === 'none' ? undefined : found;
  };
  const computed = (sender: SegmentSender, target: SegmentTarget): PortSet => {
    const way = wayOf(sender, target);
    if (way === undefined) return noPorts;
    const stages = stagesOf(index, way, { sender, target });
    return stages.map((stage) => policyPorts(index, stage)).reduce(intersectPorts, 'all');
  };

  return {
    ports(sender, target) {
      const key = `${sender.class} > ${target.class}`;
      const found = counted.get(key) ?? computed(sender, target);
      counted.set(key, found);
      return found;
    },
    reasons(sender, target, asked) {
      const way = wayOf(sender, target);
      if (way === undefined) return [];
      const stages = stagesOf(index, way, { sender, target });
      const said = (direction: Judged['direction']): Reason[] =>
        stages
          .filter((stage) => stage.direction === direction)
          .flatMap((stage) =>
            samplesOf(asked).flatMap((one) => policyReasons(index, { ...stage, ...one }, sourceOf).reasons),
          );
      const routes = way.outcome.reasons.filter(({ stage }) => stage === 'route');
      return [...said('egress'), ...routes, ...said('ingress')];
    },
  };
}

interface Pair {
  readonly sender: SegmentSender;
  readonly target: SegmentTarget;
}

/** A way, and whose it is: others of their classes have the same one. */
interface Walked extends Pair {
  readonly outcome: Outcome;
}

function walk({ cluster }: ClusterIndex, pair: Pair, sourceOf: SourceOf | undefined): Walked | undefined {
  const { sender, target } = pair;
  const { address, at } = target;
  const ends = { source: sender.end, destination: { kind: 'address', address } as const };
  const outcomes = waysOf(cluster, ends, { ...(sourceOf && { sourceOf }) });
  // Segments that do not meet may have the same addresses.
  const outcome = outcomes.find(
    ({ verdict, path }) => verdict === 'allowed' && (at === undefined || path.at(-1)?.at === at),
  );
  return outcome && { ...pair, outcome };
}

/** What policies judge on a way when others of the same classes take it. */
function stagesOf(
  { segments }: ClusterIndex,
  { outcome, ...known }: Walked,
  { sender, target }: Pair,
): Judged[] {
  const addressesOf = (pod: string | undefined, name: string): readonly string[] =>
    pod === undefined ? [] : (segments?.interfaces.get(interfaceKey({ pod, name }))?.addresses ?? []);
  // The address of an interface of the sender; what a node or a router put in stays.
  const own = (address: string): string => {
    for (const { name } of segments?.pod(known.sender.pod ?? '')?.interfaces ?? []) {
      const place = addressesOf(known.sender.pod, name).indexOf(address);
      if (place >= 0) return addressesOf(sender.pod, name)[place] ?? address;
    }
    return address;
  };
  return (outcome.judged ?? []).map((stage): Judged => {
    const isSending = stage.direction === 'egress';
    const pod = (isSending ? sender.pod : target.pod) ?? stage.pod;
    const address = isSending ? own(stage.address) : target.address;
    const peerAddress = isSending ? target.address : own(stage.peerAddress);
    if (stage.interface === undefined) return { ...stage, pod, address, peerAddress };
    const key = `${pod}${stage.interface.key.slice(stage.pod.length)}`;
    return {
      ...stage,
      pod,
      address,
      peerAddress,
      interface: { key, peer: segments?.peerAt(key, peerAddress) },
    };
  });
}
