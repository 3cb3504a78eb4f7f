import type { Resource } from '../../api/resources.ts';
import { isObject, type StoredObject } from '../json.ts';
import { invalid } from '../status.ts';
import { changeProblems, definitionProblems } from './check-definition.ts';
import type { Definition } from './definition.ts';

/**
 * A CustomResourceDefinition as it is to be stored: with its defaults, and with its storage version among those
 * that objects may be stored in. Throws 422. Its fields have the right types (`validateObject`).
 */
export function admitDefinition(
  resource: Resource,
  object: StoredObject,
  previous?: StoredObject,
): StoredObject {
  const definition = withDefaults(object as Definition);
  const before = previous as Definition | undefined;
  const problems = [
    ...definitionProblems(definition),
    ...(before === undefined ? [] : changeProblems(definition, before)),
  ];
  if (problems.length === 0) return definition;
  const causes = problems.map(({ path, reason, message }) => ({ reason, message, field: path }));
  throw invalid(resource, object.metadata.name, causes);
}

function withDefaults(definition: Definition): Definition {
  const { spec, status } = definition;
  const { names } = spec;
  const storage = spec.versions.find((version) => version.storage)?.name;
  const stored = status?.storedVersions ?? [];
  return {
    ...definition,
    spec: {
      ...spec,
      conversion: isObject(spec.conversion) ? spec.conversion : { strategy: 'None' },
      names: {
        ...names,
        singular: names.singular ?? names.kind.toLowerCase(),
        listKind: names.listKind ?? `${names.kind}List`,
      },
    },
    status: {
      ...status,
      storedVersions: storage === undefined || stored.includes(storage) ? stored : [...stored, storage],
    },
  };
}
