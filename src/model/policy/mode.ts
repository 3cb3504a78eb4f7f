import type { ObjectMeta } from '../../api/types/meta.ts';
import { policyModeAnnotation } from '../../api/validate/policy-mode.ts';

/** Whether a policy is enforced or only says what it would deny: `policy.weft.dev/mode: audit`. */
export function modeOf({ annotations }: Pick<ObjectMeta, 'annotations'>): 'enforce' | 'audit' {
  return annotations?.[policyModeAnnotation] === 'audit' ? 'audit' : 'enforce';
}
