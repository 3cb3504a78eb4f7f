import { parsePrefix } from '../../lib/prefix.ts';
import { appliancesTo, type ApplianceStep } from '../../model/fabric/network/appliance-ways.ts';
import type { Lookups, SubnetName } from '../../model/fabric/network/lookups.ts';
import { placeOf, samplesOf, type UsedRoute } from './used-routes.ts';

/** Packets between two subnets pass an appliance that their answers do not. */
export interface OneWayFacts {
  readonly from: SubnetName;
  readonly to: SubnetName;
  /** The passage, by the route that leads there. */
  readonly step: ApplianceStep;
}

/** Of a subnet: a table with a route for each of its machines has hundreds, and one tells as much as all of them. */
const mostSamples = 64;

interface SubnetSamples extends SubnetName {
  /** Addresses of it such that each part which is routed alike has one. */
  readonly addresses: readonly string[];
}

/** Each route once, with the first two subnets for which it is so. */
export function oneWaysOf(used: readonly UsedRoute[], lookups: Lookups): OneWayFacts[] {
  const found = new Map<string, OneWayFacts>();
  const subnets = subnetsOf(used, lookups);
  const starts = new Set(used.map(({ from: { network, subnet } }) => `${network}/${subnet}`));
  for (const from of subnets) {
    if (!starts.has(`${from.network}/${from.subnet}`)) continue;
    for (const to of subnets) {
      const step = stepWithoutAnswer(lookups, from, to);
      const key = step === undefined ? undefined : placeOf(step);
      if (step !== undefined && key !== undefined && !found.has(key)) found.set(key, { from, to, step });
    }
  }
  return [...found.values()];
}

function stepWithoutAnswer(
  lookups: Lookups,
  from: SubnetSamples,
  to: SubnetSamples,
): ApplianceStep | undefined {
  for (const destination of to.addresses) {
    const there = appliancesTo(lookups, from, destination) ?? [];
    // What has the appliance's own address comes back to it.
    if (there.length === 0 || there.some(({ hop }) => hop.masquerades === true)) continue;
    for (const source of from.addresses) {
      const back = appliancesTo(lookups, to, source);
      const passed = new Set(back?.map(({ hop }) => hop.netns));
      const step = back && there.find(({ hop }) => !passed.has(hop.netns));
      if (step !== undefined) return step;
    }
  }
  return undefined;
}

function subnetsOf(used: readonly UsedRoute[], { world }: Lookups): SubnetSamples[] {
  const all = [...world.networks].flatMap(([network, { spec }]) =>
    (spec.subnets ?? []).map(({ name, prefix }) => ({ network, subnet: name, prefix })),
  );
  const samples = samplesOf([...used.map(({ route }) => route.prefix), ...all.map(({ prefix }) => prefix)]);
  return all
    .filter(({ prefix }) => parsePrefix(prefix)?.family === 'IPv4')
    .map(({ prefix, ...names }) => ({ ...names, addresses: samples(prefix).slice(0, mostSamples) }));
}
