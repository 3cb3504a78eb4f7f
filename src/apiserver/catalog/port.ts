import type { Resource } from '../../api/resources.ts';

/** Where a resource is: its group (empty for the core group), version and plural name. */
export type ResourcePlace = Pick<Resource, 'group' | 'version' | 'plural'>;

/** What is served just now: the built-in resources first, then those that CustomResourceDefinitions add. */
export interface Catalog {
  /** One for each version of a resource; a resource that changed is another object than before. */
  readonly resources: readonly Resource[];
  /** Undefined when nothing is served there. */
  find(place: ResourcePlace): Resource | undefined;
  hasGroup(group: string): boolean;
  hasVersion(group: string, version: string): boolean;
  /** Replaces what definitions add. */
  setCustom(resources: readonly Resource[]): void;
}
