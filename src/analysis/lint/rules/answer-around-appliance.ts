import { firewall, routedNetwork, routeTo } from '../examples.ts';
import { hopPath } from '../network-facts.ts';
import type { LintRule } from '../rule.ts';

export const answerAroundAppliance: LintRule = {
  id: 'WL040',
  name: 'answer-around-appliance',
  severity: 'warning',
  title: 'A route leads through an appliance that the answers do not pass',
  why: "Routes of the sender's subnet lead to the appliance, and those of the receiver's subnet do not lead back to it. An appliance that keeps track of connections, as firewalls do, sees one half of each: it lets the first packet pass and ends the connection soon after, or never lets it begin.",
  fix: "Lead what answers through the appliance too, by a route of the receiver's subnet; or let the appliance put its own address in (masquerade).",
  example: {
    wrong: `${routedNetwork('apps', '10.0.3.0/24')}---
${firewall()}---
${routeTo('10.0.3.0/24', '10.0.2.4')}`,
    right: `${routedNetwork('apps', '10.0.3.0/24')}---
${firewall(', enableIPForwarding: true, masquerade: true')}---
${routeTo('10.0.3.0/24', '10.0.2.4')}`,
  },
  needsNoPods: true,
  *check({ networks }) {
    for (const { from, to, step } of networks.oneWays) {
      yield {
        object: { kind: 'RouteTable', key: step.route.table.name },
        path: hopPath(step.route),
        message: `packets from subnet ${from.network}/${from.subnet} to subnet ${to.network}/${to.subnet} pass ${step.hop.machine}, and answers do not`,
      };
    }
  },
};
