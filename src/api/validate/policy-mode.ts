import type { ObjectMeta } from '../types/meta.ts';
import { notSupported, type FieldProblem } from './problem.ts';

/** On a policy of any kind: `audit` has it say what it would deny, and deny nothing. */
export const policyModeAnnotation = 'policy.weft.dev/mode';

/** A policy whose mode nobody understands would be enforced where its author meant to try it: refused. */
export function policyModeProblems({ annotations }: Pick<ObjectMeta, 'annotations'>): FieldProblem[] {
  const mode = annotations?.[policyModeAnnotation];
  if (mode === undefined || mode === 'audit' || mode === 'enforce') return [];
  return [notSupported(`metadata.annotations[${policyModeAnnotation}]`, mode, ['audit', 'enforce'])];
}
