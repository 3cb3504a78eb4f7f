import { leaf, mapShape, shapeOf, type Shape } from '../../api/schema/lists.ts';
import type { SchemaNode } from './node.ts';

/** Without a schema every object is a map and every list one whole, as upstream deduces it. */
const untyped: Shape = { kind: 'map', at: () => untyped };

const metadata = shapeOf({ kind: 'object', name: 'ObjectMeta' });

/**
 * How objects of a schema take part in server-side apply: by its `x-kubernetes-list-type` and `-map-type`. Upstream
 * counts objects of a schema among the maps, so that who sets a field of one owns the object as well.
 */
export function resourceShape(node: SchemaNode): Shape {
  const inner = structShape(node);
  const at = (field: string): Shape => {
    if (field === 'metadata') return metadata;
    return field === 'apiVersion' || field === 'kind' ? leaf : partAt(inner, field);
  };
  return { kind: 'map', at };
}

function partAt(shape: Shape, field: string): Shape {
  return shape.kind === 'struct' || shape.kind === 'map' ? shape.at(field) : leaf;
}

function shapeOfNode(node: SchemaNode): Shape {
  const { schema } = node;
  if (schema['x-kubernetes-int-or-string'] === true) return leaf;
  if (schema.type === 'array') return listShape(node);
  if (schema.type !== 'object') return node.preserves ? untyped : leaf;
  if (schema['x-kubernetes-map-type'] === 'atomic') return leaf;
  return node.embedded ? resourceShape(node) : structShape(node);
}

function structShape(node: SchemaNode): Shape {
  if (node.additional !== undefined) return mapShape(shapeOfNode(node.additional));
  if (node.properties.size === 0 && node.preserves) return untyped;
  const shapes = new Map<string, Shape>();
  return {
    kind: 'map',
    at(field) {
      let shape = shapes.get(field);
      if (shape === undefined) {
        const child = node.properties.get(field);
        shape = child === undefined ? untyped : shapeOfNode(child);
        shapes.set(field, shape);
      }
      return shape;
    },
  };
}

function listShape({ schema, items }: SchemaNode): Shape {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return { kind: 'set' };
  if (type !== 'map' || items === undefined) return leaf;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return { kind: 'list', keys, defaults: keyDefaults(items, keys), item: structShape(items) };
}

/** What items count as that leave a key out. */
function keyDefaults(items: SchemaNode, keys: readonly string[]): Record<string, string | number | boolean> {
  const defaults: Record<string, string | number | boolean> = {};
  for (const key of keys) {
    const value = items.properties.get(key)?.schema.default;
    if (value !== undefined && value !== null && typeof value !== 'object') defaults[key] = value;
  }
  return defaults;
}
