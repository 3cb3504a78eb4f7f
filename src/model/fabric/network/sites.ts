import type { Site } from '../../../api/types/fabric.ts';
import { gatewayOf } from './subnets.ts';

/** The address of a site's machine: the first of its first prefix. */
export function siteAddress({ spec }: Site): string {
  return gatewayOf(spec.prefixes[0] ?? '');
}
