import type { Family } from '../../lib/address.ts';
import type { SourceOf } from '../flow.ts';
import type { Focus } from './focus.ts';

/** What is asked about who reaches whom. */
export interface ReachOptions {
  /** Rows and columns: workloads unless said otherwise. */
  readonly level?: 'workload' | 'pod';
  /** Also tells about the cluster DNS, which is part of every cluster. */
  readonly includeClusterDns?: boolean;
  /** Only connections of this family; of all that the cluster's pods speak when absent. */
  readonly family?: Family;
  /** Also why each connection is let through; `sourceOf` tells where rules were written. */
  readonly explained?: { readonly sourceOf?: SourceOf };
  /** Only rows about this. */
  readonly focus?: Focus;
}
