import type { CapacityPlan } from '../../analysis/capacity/port.ts';
import type { LabUse } from '../live/capacity.ts';
import { toJson, toYaml } from './format.ts';
import { table } from './table.ts';

/** What fits, for people and for programs; with what a running lab has of it. */
export async function renderPlan(
  plan: CapacityPlan,
  use: LabUse | undefined,
  format: 'text' | 'json' | 'yaml',
): Promise<string> {
  const { model, required, reserved, usable, ranges, fits, smallestPrefix, ...rest } = plan;
  const live = use === undefined ? {} : { live: liveOf(plan, use) };
  const value = { model, required, reserved, usable, ranges, fits, smallestPrefix, ...rest, ...live };
  if (format === 'json') return toJson(value);
  if (format === 'yaml') return toYaml(value);
  return textOf(plan, use);
}

function liveOf({ maxNodes }: CapacityPlan, { nodes, pods, podsLeft }: LabUse): Record<string, number> {
  return { nodes, pods, nodesLeft: Math.max(0, maxNodes - nodes), podsLeft };
}

function textOf(plan: CapacityPlan, use: LabUse | undefined): string {
  const rows = plan.ranges.map(({ name, prefix, required, usable, reserved, smallestPrefix }) => [
    name,
    prefix ?? '-',
    String(required),
    usable === null ? '-' : String(usable),
    String(reserved),
    smallestPrefix === null ? '-' : `/${smallestPrefix}`,
  ]);
  const { maxNodes, maxPods } = plan;
  return [
    table(['RANGE', 'PREFIX', 'NEEDED', 'USABLE', 'RESERVED', 'SMALLEST'], rows),
    '\n',
    plan.fits ? `${plan.model}: fits\n` : `${plan.model}: does not fit\n`,
    ...plan.reasons.map((reason) => `- ${reason}\n`),
    `at most ${maxNodes} nodes, with ${maxPods} pods\n`,
    ...(use === undefined ? [] : [liveText(plan, use)]),
    ...plan.warnings.map((warning) => `warning: ${warning}\n`),
  ].join('');
}

function liveText(plan: CapacityPlan, use: LabUse): string {
  const { nodes, pods, nodesLeft, podsLeft } = liveOf(plan, use);
  return `now ${nodes} nodes with ${pods} pods; ${nodesLeft} more nodes fit, and ${podsLeft} more pods on these\n`;
}
