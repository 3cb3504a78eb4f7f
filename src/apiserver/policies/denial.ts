import { qualifiedName, StatusError } from '../status.ts';
import type { Objection } from './evaluate.ts';
import type { Review } from './port.ts';
import type { Policy, PolicyBinding } from './types.ts';

const codes: Readonly<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

/** The refusal of a write that a policy objects to, with the reason that the policy gives. */
export function denial(
  { resource, object, old }: Review,
  { objection, policy, binding }: { objection: Objection; policy: Policy; binding: PolicyBinding },
): StatusError {
  const { name = '' } = (object ?? old)?.metadata ?? {};
  const [one, other] = [policy.metadata.name, binding.metadata.name];
  const why = `ValidatingAdmissionPolicy '${one}' with binding '${other}' denied request: ${objection.message}`;
  const message = `${qualifiedName(resource)} "${name}" is forbidden: ${why}`;
  const { group, plural } = resource;
  return new StatusError(codes[objection.reason] ?? 422, objection.reason, message, {
    name,
    ...(group !== '' && { group }),
    kind: plural,
    causes: [{ message: why }],
  });
}
