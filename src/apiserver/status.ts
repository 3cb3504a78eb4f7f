import type { Resource } from '../api/resources.ts';
import { WeftError } from '../lib/errors.ts';

/** One reason of a failure, naming the field (meta/v1 StatusCause). */
export interface StatusCause {
  /** Absent where the message is all there is to say. */
  readonly reason?: string;
  readonly message: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** The resource's plural, or its kind where the object itself is at fault. */
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** A failure as the API tells it: an HTTP status code, a reason for programs and a message for people. */
export class StatusError extends WeftError {
  readonly status: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** Where a list that expired may go on, inconsistently. */
  continueToken: string | undefined = undefined;

  constructor(status: number, reason: string, message: string, details?: StatusDetails) {
    super(`api-${reason.replaceAll(/(?<=.)([A-Z])/g, '-$1').toLowerCase()}`, message, { fault: 'input' });
    this.status = status;
    this.reason = reason;
    this.details = details;
  }
}

/** The meta/v1 Status object of a failure. */
export function statusOf(error: StatusError): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: error.continueToken === undefined ? {} : { continue: error.continueToken },
    status: 'Failure',
    message: error.message,
    reason: error.reason,
    ...(error.details !== undefined && { details: error.details }),
    code: error.status,
  };
}

/** The meta/v1 Status object of a success that returns no other object. */
export function successStatus(details: StatusDetails): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

/** `pods`, or `deployments.apps`: how messages and the store name a resource. */
export function qualifiedName(resource: Resource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

function detailsOf(resource: Resource, name: string): StatusDetails {
  return { name, ...(resource.group !== '' && { group: resource.group }), kind: resource.plural };
}

export function notFound(resource: Resource, name: string): StatusError {
  const message = `${qualifiedName(resource)} "${name}" not found`;
  return new StatusError(404, 'NotFound', message, detailsOf(resource, name));
}

/** For a path that leads nowhere. */
export function noSuchPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(resource: Resource, name: string): StatusError {
  const message = `${qualifiedName(resource)} "${name}" already exists`;
  return new StatusError(409, 'AlreadyExists', message, detailsOf(resource, name));
}

export function conflict(resource: Resource, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`;
  return new StatusError(409, 'Conflict', message, detailsOf(resource, name));
}

export function forbidden(
  resource: Resource,
  name: string,
  problem: { why: string; causes?: StatusCause[] },
): StatusError {
  const message = `${qualifiedName(resource)} "${name}" is forbidden: ${problem.why}`;
  const causes = problem.causes && { causes: problem.causes };
  return new StatusError(403, 'Forbidden', message, { ...detailsOf(resource, name), ...causes });
}

/** 422: the object breaks a rule; each cause names a field. */
export function invalid(resource: Resource, name: string, causes: readonly StatusCause[]): StatusError {
  const problems = causes.map((cause) => `${cause.field ?? '<root>'}: ${cause.message}`);
  const text = problems.length === 1 ? problems.join('') : `[${problems.join(', ')}]`;
  const message = `${resource.kind}${resource.group === '' ? '' : `.${resource.group}`} "${name}" is invalid: ${text}`;
  const group = resource.group !== '' && { group: resource.group };
  return new StatusError(422, 'Invalid', message, { name, ...group, kind: resource.kind, causes });
}

/** A cause of `invalid`, in the API's words: `Invalid value: "x": why`. */
export function invalidValue(field: string, value: unknown, why: string): StatusCause {
  return {
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(value) ?? 'null'}: ${why}`,
    field,
  };
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function methodNotAllowed(): StatusError {
  const message = 'the server does not allow this method on the requested resource';
  return new StatusError(405, 'MethodNotAllowed', message, {});
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new StatusError(415, 'UnsupportedMediaType', message, {});
}

export function notAcceptable(): StatusError {
  const message = 'only the following media types are accepted: application/json';
  return new StatusError(406, 'NotAcceptable', message, {});
}

export function tooLarge(limit: number): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`, {});
}

/** 410: the resourceVersion or continue token is older than what is kept. */
export function expired(message: string, continueToken?: string): StatusError {
  const error = new StatusError(410, 'Expired', message);
  error.continueToken = continueToken;
  return error;
}
