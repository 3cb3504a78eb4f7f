import type { Cluster } from '../../model/cluster.ts';
import type { PolicyDecision, PolicyRule } from '../../model/policy/port.ts';
import { indexOf, type ClusterIndex } from '../cluster-index.ts';
import type { Judged } from '../flow.ts';
import { decisionAt } from '../predict/policy-stage.ts';
import { objectAt, valueAt, withEdit, type Edit } from './edit.ts';
import { newPolicy } from './new-policy.ts';
import { tierPeer } from './peers.ts';
import { tierRule } from './tier-rule.ts';

/** So many rules that allow the same are taken away at most. */
const mostEdits = 20;

/**
 * Changes that together deny what the policies of a pod let through; undefined where no change of policies does, as
 * towards the pod's own node.
 */
export function closingEdits(cluster: Cluster, judged: Judged): Edit[] | undefined {
  const edits: Edit[] = [];
  let current = cluster;
  while (edits.length < mostEdits) {
    const index = indexOf(current);
    const decision = decisionAt(index, judged);
    if (decision.verdict === 'denied') return edits;
    const next = nextEdit(index, judged, decision);
    edits.push(next);
    current = withEdit(current, next);
  }
  return undefined;
}

function nextEdit(index: ClusterIndex, judged: Judged, { steps }: PolicyDecision): Edit {
  const last = steps.at(-1);
  const rule = last?.rules.at(-1);
  if (last === undefined || rule === undefined) return newPolicy(index, judged);
  if (last.tier === 'NetworkPolicy' || judged.domain !== undefined) return lessOf(index, judged, rule);
  const peer = tierPeer(index, judged);
  const { kind, policy: key, rule: path } = rule;
  if (peer === undefined) return removal(index.cluster, rule, path);
  return { action: 'insert', kind, key, path, value: tierRule(kind, 'Deny', judged, peer) };
}

/** The peer or the port of a rule without which it does not allow this, else the whole rule. */
function lessOf({ cluster }: ClusterIndex, judged: Judged, rule: PolicyRule): Edit {
  const policy = objectAt(cluster, rule.kind, rule.policy);
  const side = judged.direction === 'ingress' ? 'from' : 'to';
  const peers = valueAt(policy, `${rule.rule}.${side}`);
  const names = (Array.isArray(peers) ? peers : []).map(
    (_, place) => `${rule.rule}.${side}[${place}].domainNames`,
  );
  for (const list of [...names, `${rule.rule}.${side}`, `${rule.rule}.ports`]) {
    const items = valueAt(policy, list);
    if (!Array.isArray(items) || items.length < 2) continue;
    const enough = items
      .map((_, place) => removal(cluster, rule, `${list}[${place}]`))
      .find((edit) => !stillAllows(withEdit(cluster, edit), judged, rule));
    if (enough !== undefined) return enough;
  }
  return removal(cluster, rule, rule.rule);
}

function stillAllows(cluster: Cluster, judged: Judged, { policy, rule }: PolicyRule): boolean {
  const { steps } = decisionAt(indexOf(cluster), judged);
  return steps.some(({ rules }) => rules.some((one) => one.policy === policy && one.rule === rule));
}

function removal(cluster: Cluster, { kind, policy }: PolicyRule, path: string): Edit {
  const value = valueAt(objectAt(cluster, kind, policy), path);
  return { action: 'remove', kind, key: policy, path, value };
}
