import type { Shape } from '../../api/schema/lists.ts';
import type { Json } from '../json.ts';
import { fieldSet, itself, type FieldSet } from './field-set.ts';
import { partsOf } from './parts.ts';

/**
 * The paths that whoever applies this value owns: its leaves, the items of its lists and the keys of its maps, but
 * not the fields that only lead there.
 */
export function ownedFields(value: Json, shape: Shape): FieldSet {
  const parts = partsOf(value, shape);
  if (parts === undefined) return itself;
  return fieldSet(
    false,
    parts.map((part) => {
      const inner = ownedFields(part.value, part.shape);
      return [part.element, shape.kind === 'struct' ? inner : { ...inner, member: true }];
    }),
  );
}
