import { firewall, routedNetwork, routeTo } from '../examples.ts';
import { hopPath } from '../network-facts.ts';
import type { LintRule } from '../rule.ts';

export const routesInCircle: LintRule = {
  id: 'WL036',
  name: 'routes-in-circle',
  severity: 'error',
  title: 'Routes send packets round in a circle',
  why: "What an appliance sends on is looked up in the routes of the appliance's own subnet. Where these lead to an appliance that the packet has been at, it goes round until its TTL is used up: it arrives nowhere, and costs the way of some 60 packets.",
  fix: 'Give the appliance a subnet of its own, whose route table does not lead back: none, or one that leads on.',
  example: {
    wrong: `${routedNetwork('edge')}---
${firewall()}---
${routeTo('10.8.0.0/16', '10.0.2.4')}`,
    right: `${routedNetwork('apps')}---
${firewall()}---
${routeTo('10.8.0.0/16', '10.0.2.4')}`,
  },
  needsNoPods: true,
  *check({ networks }) {
    for (const { address, steps } of networks.circles) {
      const [first] = steps;
      if (first === undefined) continue;
      const way = steps.map(
        ({ route, hop }) => `${hop.machine} (RouteTable ${route.table.name}, ${route.table.route})`,
      );
      yield {
        object: { kind: 'RouteTable', key: first.route.table.name },
        path: hopPath(first.route),
        message: `packets for ${address} go round: to ${[...way, first.hop.machine].join(', to ')}`,
      };
    }
  },
};
