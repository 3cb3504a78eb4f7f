import type { Node } from '../../api/types/core.ts';
import { familyOf, parseAddress, type Family } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { sameJson } from '../../lib/same-json.ts';
import { labAddressesOf, labControlAddress, mostClusters } from '../network/lab-addresses.ts';
import type { NetworkModel } from '../network/models.ts';
import { placeOf, placesOf } from '../network/places.ts';
import { nodeAddresses, type NodePlace } from '../network/topology.ts';

/**
 * Where the machines of a lab's nodes are: a machine has the addresses that its Node object says, as an operator who
 * renumbers a node would see to, and without such an object those it had. Addresses that are outside the node segment or
 * somebody else's cannot be given: such a node's machine stays where it was.
 */
export function machinePlaces(
  before: readonly NodePlace[],
  nodes: Iterable<Node>,
  model: NetworkModel,
): NodePlace[] {
  const wanted = placesOf(nodes, model);
  // An address that one machine leaves may be what another waits for: each turn moves one more of a row of them.
  let places = moved(before, wanted);
  for (let turn = 1; turn < before.length; turn++) {
    const next = moved(places, wanted);
    if (next.every((place, index) => place.address === places[index]?.address)) return next;
    places = next;
  }
  return places;
}

/** Whether a machine may have to move for a Node object that came, went or is another one now. */
export function mayMove(
  places: readonly NodePlace[],
  { key, current }: { readonly key: string; readonly current?: Node },
  model: NetworkModel,
): boolean {
  const place = places.find(({ name }) => name === key);
  return place !== undefined && current !== undefined && !sameJson(place, placeOf(current, model));
}

function moved(before: readonly NodePlace[], wanted: ReadonlyMap<string, NodePlace>): NodePlace[] {
  const taken = new Set(before.flatMap(nodeAddresses));
  return before.map((place) => {
    const next = wanted.get(place.name);
    if (next === undefined) return place;
    const own = nodeAddresses(place);
    const isPossible = nodeAddresses(next).every(
      (address) => own.includes(address) || (isFree(address) && !taken.has(address)),
    );
    if (!isPossible) return place;
    for (const address of nodeAddresses(next)) taken.add(address);
    return next;
  });
}

/** In the node segment, and of none of the machines that are no nodes. */
function isFree(text: string): boolean {
  const address = parseAddress(text);
  const known = labAddressesOf[familyOf(text)];
  const segment = parsePrefix(known.segment);
  if (address === undefined || segment === undefined) return false;
  return (
    contains(segment, address) && text !== known.router && !controlAddresses(familyOf(text)).includes(text)
  );
}

/** Those of every cluster that there may be on the segment. */
function controlAddresses(family: Family): string[] {
  return Array.from({ length: mostClusters }, (_, cluster) => labControlAddress(family, cluster));
}
