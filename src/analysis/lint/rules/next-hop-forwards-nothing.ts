import { firewall, routedNetwork, routeTo } from '../examples.ts';
import { hopPath } from '../network-facts.ts';
import type { LintRule } from '../rule.ts';

export const nextHopForwardsNothing: LintRule = {
  id: 'WL035',
  name: 'next-hop-forwards-nothing',
  severity: 'error',
  title: 'A route leads to an interface that does not forward',
  why: 'An interface without IP forwarding takes packets for its own addresses only. All others that the route brings are dropped before the machine sees them, whatever the machine itself is set to.',
  fix: 'Set enableIPForwarding: true on the interface, or name the address of an interface that forwards.',
  example: {
    wrong: `${routedNetwork('apps')}---
${firewall('')}---
${routeTo('0.0.0.0/0', '10.0.2.4')}`,
    right: `${routedNetwork('apps')}---
${firewall()}---
${routeTo('0.0.0.0/0', '10.0.2.4')}`,
  },
  needsNoPods: true,
  *check({ networks }) {
    for (const { route, hop } of networks.hops) {
      if (hop === undefined || hop.forwards) continue;
      yield {
        object: { kind: 'RouteTable', key: route.table.name },
        path: hopPath(route),
        message: `${route.nextHopAddress} is interface ${hop.name} of ${hop.machine}, which does not forward: packets for ${route.prefix} are dropped`,
      };
    }
  },
};
