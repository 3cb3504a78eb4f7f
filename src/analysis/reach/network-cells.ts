import { joinRanges, parsePrefix, rangeOf, type AddressRange } from '../../lib/prefix.ts';
import { privateRanges } from '../../model/fabric/default-fabric.ts';
import { entrancesOf } from '../../model/fabric/network/entrances.ts';
import { publicRange } from '../../model/fabric/network/outbound.ts';
import { metadataAddress, platformAddress } from '../../model/fabric/network/platform.ts';
import { siteAddress } from '../../model/fabric/network/sites.ts';
import type { NetworkWorld } from '../../model/fabric/network/world.ts';
import { labAddresses, publicLoadBalancers } from '../../model/network/lab-addresses.ts';
import { createCells, type Cells } from './cells.ts';
import type { SortedRoutes } from './network-classes.ts';

/** Addresses of one cell are treated alike by routes and security groups, as long as the same interface has them. */
export function networkCells(world: NetworkWorld, { apart, behind }: SortedRoutes): Cells {
  const { networks, securityGroups, sites, services, interfaces } = world;
  const rules = [...securityGroups.values()].flatMap(({ spec }) => spec.rules ?? []);
  const machines = interfaces.filter(({ id }) => !id.startsWith('node:'));
  const single = [
    ...apart,
    ...[...networks.values()].flatMap(({ spec }) => [
      ...spec.addressSpace,
      ...(spec.subnets ?? []).map(({ prefix }) => prefix),
    ]),
    ...rules.flatMap(({ sources = [], destinations = [] }) => [...sources, ...destinations]),
    ...sites.flatMap((site) => [siteAddress(site), ...site.spec.prefixes]),
    ...services.flatMap(({ prefixes }) => prefixes),
    ...entrancesOf(world).map(({ address }) => address),
    ...machines.flatMap(({ addresses }) => addresses),
    ...notOnInternet,
  ];
  const blocks = interfaces.flatMap(({ domain }) => domain?.blocks ?? []);
  return createCells([
    ...rangesOf(single),
    ...[...behind, blocks].flatMap((all) => joinRanges(rangesOf(all))),
  ]);
}

/** Where the internet has nobody, or the network itself answers. */
const notOnInternet = [
  ...privateRanges.IPv4,
  '100.64.0.0/10',
  publicRange,
  publicLoadBalancers,
  labAddresses.internetSegment,
  labAddresses.internet,
  platformAddress,
  metadataAddress,
];

/** Of prefixes and addresses; names of tags are none. */
function rangesOf(texts: readonly string[]): AddressRange[] {
  return texts.flatMap((text) => {
    const prefix = parsePrefix(text.includes('/') ? text : `${text}/32`);
    return prefix?.family === 'IPv4' ? [rangeOf(prefix)] : [];
  });
}
