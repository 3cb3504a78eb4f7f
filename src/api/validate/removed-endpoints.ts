import type { ObjectMeta } from '../types/meta.ts';
import { notSupported, type FieldProblem } from './problem.ts';

/**
 * On a Service: `reset` ends TCP connections to endpoints that it no longer has, which otherwise end by themselves, if
 * ever (kubernetes#101607).
 */
export const removedEndpointsAnnotation = 'service.weft.dev/tcp-to-removed-endpoints';

export function removedEndpointsProblems(
  annotations: NonNullable<ObjectMeta['annotations']>,
): FieldProblem[] {
  const wanted = annotations[removedEndpointsAnnotation];
  if (wanted === undefined || wanted === 'reset' || wanted === 'keep') return [];
  return [notSupported(`metadata.annotations[${removedEndpointsAnnotation}]`, wanted, ['keep', 'reset'])];
}
