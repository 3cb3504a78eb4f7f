import type { Pod } from '../../api/types/core.ts';
import type { SegmentAddress } from '../../api/types/layer2.ts';
import { keyOf } from '../../api/resources.ts';
import { podFacts } from '../identity/pod-facts.ts';
import { networkLabel } from '../policy/compile-multi.ts';
import type { PodFacts } from '../policy/port.ts';
import { selectionsOf } from './selection.ts';

/** A further interface of a pod, as policies see it. */
export interface PodInterface {
  /** `namespace/name` of the pod. */
  readonly pod: string;
  /** In the pod. */
  readonly name: string;
  /** `namespace/name` of the network. */
  readonly network: string;
  /** What its addresses are of, as SegmentAddresses say it; undefined while it has none. */
  readonly domain: string | undefined;
  /** Without lengths. */
  readonly addresses: readonly string[];
}

/** The key of an interface among those of all pods. */
export function interfaceKey({ pod, name }: Pick<PodInterface, 'pod' | 'name'>): string {
  return `${pod} ${name}`;
}

/** The key of the pod that an interface is of. */
export function podOfInterface(key: string): string {
  return key.slice(0, key.indexOf(' '));
}

/** The further interfaces that a pod is to have, with the addresses that these hold; none where it names them wrongly. */
export function interfacesOf(pod: Pod, held: Iterable<SegmentAddress>): PodInterface[] {
  const selections = selectionsOf(pod);
  if (typeof selections === 'string') return [];
  const claims = [...held];
  return selections.map((selection) => {
    const own = claims.filter(({ spec }) => spec.holder.interface === selection.interface);
    return {
      pod: keyOf(pod),
      name: selection.interface,
      network: keyOf({ metadata: selection }),
      domain: own[0]?.spec.domain,
      addresses: own.map(({ spec }) => spec.address),
    };
  });
}

/** What policies can see of an interface: its pod, and the network that it is on. */
export function interfaceFacts(pod: Pod, { network }: Pick<PodInterface, 'network'>): PodFacts | undefined {
  const facts = podFacts(pod);
  return facts && { ...facts, labels: { ...facts.labels, [networkLabel]: network } };
}
