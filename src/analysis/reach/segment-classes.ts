import type { Pod } from '../../api/types/core.ts';
import { parseAddress } from '../../lib/address.ts';
import { parsePrefix, rangeOf, type AddressRange } from '../../lib/prefix.ts';
import { interfaceKey } from '../../model/attachments/interfaces.ts';
import type { Machine } from '../../model/fabric/machines.ts';
import { ownAddresses } from '../../model/network/pod-addresses.ts';
import type { PodPolicy, PolicyModel } from '../../model/policy/port.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { SegmentWorld } from '../segment-world.ts';
import { rangesIn } from './address-cells.ts';
import { createCells } from './cells.ts';

/** Texts that are equal for those that are treated alike, but for their addresses. */
export interface SegmentClass {
  /** By routes and segments. */
  readonly way: string;
  /** By policies too. */
  readonly class: string;
}

export interface SegmentClasses {
  /** As one who sends. */
  ofPod(key: string, pod: Pod): SegmentClass;
  /** As one who is asked at an address of one of its further interfaces. */
  ofInterface(key: string, name: string, address: string): SegmentClass;
}

export function segmentClasses(
  index: ClusterIndex,
  world: SegmentWorld,
  pods: ReadonlyMap<string, Pod>,
): SegmentClasses {
  const numberOf = numbers();
  const cellOf = cellsOf(index, world, pods);
  const policyOf = (policies: PolicyModel, key: string): string =>
    `${numberOf(policies.policyOf(key))} ${policies.classOf(key)}`;
  const known = new Map<Machine, string>();
  const wayOf = (machine: Machine | undefined): string => {
    if (machine === undefined) return '';
    const found = known.get(machine) ?? waysOf(machine, { world, cellOf });
    known.set(machine, found);
    return found;
  };
  const policiesOf = (key: string): string[] =>
    (world.pod(key)?.interfaces ?? []).map(({ name }) =>
      policyOf(world.policies, interfaceKey({ pod: key, name })),
    );
  return {
    ofPod(key, pod) {
      const { nodeName = '', hostNetwork = false } = pod.spec;
      const own = ownAddresses(pod).map(cellOf);
      const node = wayOf(world.machine(`node:${nodeName}`));
      const way = [node, hostNetwork, own, wayOf(world.pod(key))].join('|');
      return { way, class: [way, numberOf(index.policies.policyOf(key)), policiesOf(key)].join('|') };
    },
    ofInterface(key, name, address) {
      const way = [name, cellOf(address), wayOf(world.pod(key))].join('|');
      return { way, class: [way, policiesOf(key)].join('|') };
    },
  };
}

/** Interfaces and routes of a machine; addresses are what cells make of them. */
function waysOf(
  { interfaces, routes, masquerades = [], forwards = false }: Machine,
  { world, cellOf }: { readonly world: SegmentWorld; readonly cellOf: (address: string) => string },
): string {
  return JSON.stringify([
    interfaces.map(({ name, segment, addresses }) => [
      name,
      world.broadcastDomain(segment),
      addresses.map((text) => [cellOf(bare(text)), text.slice(bare(text).length)]),
    ]),
    routes.map(({ destination, via, metric, link }) => [destination, via, metric, link]),
    masquerades,
    forwards,
  ]);
}

/** Cut where routes, segments and policies tell addresses apart. */
function cellsOf(
  index: ClusterIndex,
  { machines, interfaces, policies }: SegmentWorld,
  pods: ReadonlyMap<string, Pod>,
): (address: string) => string {
  const asked = new Set([
    ...[...pods.keys()].map((key) => index.policies.policyOf(key)),
    ...[...interfaces.keys()].map((key) => policies.policyOf(key)),
  ]);
  const cells = createCells([
    ...machines.flatMap(({ routes, interfaces: nics }) => [
      ...routes.flatMap(({ destination, via }) => [...rangesAt(destination), ...rangesAt(via)]),
      ...nics.flatMap(({ addresses }) => addresses.flatMap(rangesAt)),
    ]),
    ...rangesIn([...asked].flatMap(({ ingress, egress }) => [ingress, egress])),
  ]);
  return (text) => {
    const address = parseAddress(text);
    return address === undefined ? text : cells.cellOf(address);
  };
}

/** Of a prefix, of an address with the length of its segment's prefix, or of an address alone. */
function rangesAt(text: string): AddressRange[] {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return [rangeOf(prefix)];
  const address = parseAddress(text);
  return address === undefined ? [] : [{ first: address, last: address }];
}

const bare = (text: string): string => text.replace(/\/.*$/, '');

function numbers(): (one: PodPolicy) => number {
  const known = new Map<PodPolicy, number>();
  return (one) => {
    const number = known.get(one) ?? known.size;
    known.set(one, number);
    return number;
  };
}
