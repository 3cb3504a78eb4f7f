import type { KubernetesObject } from '../../../src/api/types/meta.ts';

/** States of one small cluster, one after the other in the same lab; in each, all three must agree on everything. */
export interface History {
  /** What holds, as a sentence. */
  readonly name: string;
  readonly states: readonly (readonly KubernetesObject[])[];
}
