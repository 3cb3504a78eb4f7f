import type { Resource } from '../../api/resources.ts';
import type { StoredObject } from '../json.ts';

/** A write that is about to happen. */
export interface Review {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly resource: Resource;
  readonly subresource?: string | undefined;
  /** As it is to be stored; undefined for a deletion. */
  readonly object: StoredObject | undefined;
  /** As it is stored; undefined for a creation. */
  readonly old: StoredObject | undefined;
  readonly dryRun: boolean;
}

/** Asks about a write before it is stored: throws a StatusError where it is denied. */
export type AskPolicies = (review: Review) => void;
