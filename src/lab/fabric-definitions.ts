import { apiVersionOf, fabricResources, type Resource } from '../api/resources.ts';
import { objectType, typeNameOf, type FieldType } from '../api/schema/schema.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { definition, list, object, text, truth, words, type Column, type Schema } from './definition.ts';

const column = (name: string, jsonPath: string, type = 'string'): Column => ({ name, jsonPath, type });

const columns: Readonly<Record<keyof typeof fabricResources, readonly Column[]>> = {
  virtualnetworks: [
    column('Address space', '.spec.addressSpace'),
    column('Subnets', '.spec.subnets[*].name'),
    column('Provisioned by', '.spec.provisionedBy'),
  ],
  virtualnetworkpeerings: [column('Networks', '.spec.networks')],
  routetables: [column('Routes', '.spec.routes[*].name')],
  networksecuritygroups: [column('Rules', '.spec.rules[*].name')],
  virtualmachines: [column('Addresses', '.status.interfaces[*].addresses')],
  sites: [column('Prefixes', '.spec.prefixes'), column('Gateway', '.spec.gateway.network')],
  internets: [column('Services', '.spec.services[*].name')],
  privatednszones: [column('Zone', '.spec.zone'), column('Links', '.spec.links')],
};

/**
 * The definitions by which a lab serves the kinds that describe the world around its nodes, made from the schemas by which
 * manifests are read. The rest of what must hold of them is in `api/validate/fabric`.
 */
export function fabricDefinitions(): KubernetesObject[] {
  return Object.entries(fabricResources).map(([plural, resource]: [string, Resource]) => {
    const type = typeNameOf(apiVersionOf(resource), resource.kind) ?? resource.kind;
    const { spec, status } = propertiesOf(type);
    return definition(resource, {
      schema: object({ spec: spec ?? anything, status: status ?? anything }, ['spec']),
      columns: columns[plural as keyof typeof columns],
    });
  });
}

const anything: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const scalars: Partial<Record<FieldType['kind'], Schema>> = {
  string: text,
  boolean: truth,
  integer: { type: 'integer' },
};

function propertiesOf(type: string): Readonly<Record<string, Schema>> {
  return Object.fromEntries([...objectType(type)].map(([name, field]) => [name, schemaOf(field.type)]));
}

function schemaOf(type: FieldType): Schema {
  if (type.kind === 'enum') return words(...type.values);
  if (type.kind === 'array') return listOf(type.item);
  if (type.kind === 'object') {
    const required = [...objectType(type.name)].flatMap(([name, field]) => (field.required ? [name] : []));
    return object(propertiesOf(type.name), required);
  }
  return scalars[type.kind] ?? anything;
}

/** What has a name is told apart by it (and by its type, where it has one), so that several may manage items of one list. */
function listOf(item: FieldType): Schema {
  const fields = item.kind === 'object' ? objectType(item.name) : new Map();
  const keys = ['name', 'type'].filter((key) => fields.get(key)?.required === true);
  const byName = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
  return { ...list(schemaOf(item)), ...(keys[0] === 'name' && byName) };
}
