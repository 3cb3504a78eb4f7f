import { firewall, routedNetwork, routeTo } from '../examples.ts';
import { hopPath } from '../network-facts.ts';
import type { LintRule } from '../rule.ts';

export const nextHopMissing: LintRule = {
  id: 'WL034',
  name: 'next-hop-missing',
  severity: 'error',
  title: 'A route leads to an appliance that there is not',
  why: 'No interface of the network or of its peers has the address of the next hop. Packets that take the route are dropped, and nobody is told; a less specific route is not tried.',
  fix: "Write the address that the appliance's interface has; in another network, that network must be peered with this one.",
  example: {
    wrong: `${routedNetwork('apps')}---
${firewall()}---
${routeTo('0.0.0.0/0', '10.0.2.5')}`,
    right: `${routedNetwork('apps')}---
${firewall()}---
${routeTo('0.0.0.0/0', '10.0.2.4')}`,
  },
  needsNoPods: true,
  *check({ networks, index }) {
    for (const { network, route, hop, isUnknown } of networks.hops) {
      // Which addresses of pods the network knows depends on when their nodes asked for them.
      if (hop !== undefined || isUnknown || index.podAt.has(route.nextHopAddress)) continue;
      yield {
        object: { kind: 'RouteTable', key: route.table.name },
        path: hopPath(route),
        message: `nobody whom VirtualNetwork ${network} reaches has ${route.nextHopAddress}: packets for ${route.prefix} are dropped`,
      };
    }
  },
};
