import type { Admission } from '../admission/port.ts';
import { accessForbidden } from './forbidden.ts';
import { requireNoEscalation, type EscalationOptions } from './escalation.ts';
import { requireOwnNode } from './node-restriction.ts';
import { isPathAttributes, type Attributes } from './port.ts';

/**
 * Admission for one request: what cannot be decided before the body is read. An update or patch that makes an object
 * needs the verb `create` too; roles and bindings grant nothing that their writer has not; a node writes what is its.
 */
export function guardedAdmission(
  admission: Admission,
  attributes: Attributes,
  options: EscalationOptions,
): Admission {
  const { user, verb } = attributes;
  return {
    ...admission,
    admit(...args) {
      const [resource, given, previous] = args;
      if (previous === undefined && verb !== 'create' && !isPathAttributes(attributes)) {
        const creation = { ...attributes, verb: 'create' };
        const { allowed, reason } = options.authorizer.decide(creation);
        if (!allowed) throw accessForbidden(creation, reason);
      }
      requireOwnNode({ user, resource, object: given, previous });
      const object = admission.admit(...args);
      requireNoEscalation(options, { user, resource, object, previous });
      return object;
    },
  };
}
