import type { Outcome, Reason } from '../analysis/flow.ts';

/** A reason as JSON: what is not known is null. */
export interface ReasonJson {
  readonly stage: string;
  readonly object: string;
  readonly rule: string;
  readonly verdict: string;
  readonly file: string | null;
  readonly line: number | null;
}

export function reasonJson({ stage, object, rule, verdict, file, line }: Reason): ReasonJson {
  return { stage, object, rule, verdict, file: file ?? null, line: line ?? null };
}

/**
 * The reasons that settle an outcome: those that stop the packet; where it is let through, the policy rules that
 * allow it, or what happens at the end where no policy has a say.
 */
export function decidingReasons({
  verdict,
  reasons,
}: Pick<Outcome, 'verdict' | 'reasons'>): readonly Reason[] {
  if (verdict !== 'allowed') return reasons.filter((reason) => reason.verdict === verdict);
  const byPolicy = reasons.filter(({ action }) => action === 'Accept');
  return byPolicy.length > 0 ? byPolicy : reasons.slice(-1);
}

/** `NetworkPolicy a/b spec.ingress[0] (policies.yaml:12)` */
export function formatReason({ object, rule, ...where }: ReasonJson): string {
  const place = reasonPlace(where);
  return `${object} ${rule}${place === undefined ? '' : ` (${place.file}:${place.line})`}`;
}

/** Where a reason's rule was written; undefined where it is not known. */
export function reasonPlace({
  file,
  line,
}: Pick<ReasonJson, 'file' | 'line'>): { file: string; line: number } | undefined {
  return file === null ? undefined : { file, line: line ?? 1 };
}
