import { WeftError } from '../lib/errors.ts';

/** The parts of a metav1.Status that say what went wrong. */
export interface FailureStatus {
  readonly status: number;
  /** metav1.StatusReason, such as `AlreadyExists`. */
  readonly reason?: string;
  readonly message?: string;
}

/**
 * The error for a failed answer, by its HTTP status and, where that is ambiguous (409) or absent (an ERROR event
 * of a watch), by its reason. The codes are those of `Client`.
 */
export function apiError(failure: FailureStatus, what: string): WeftError {
  const { code, hint } = classify(failure);
  const message = failure.message ?? `the API server answered ${failure.status}`;
  return new WeftError(code, `${what}: ${message}`, hint === undefined ? {} : { hint });
}

/** No answer at all: connection refused or lost, timeout, a broken answer. */
export function unavailable(what: string, cause: unknown): WeftError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new WeftError('api-unavailable', `${what}: ${reason}`, {
    cause,
    fault: 'environment',
    hint: 'check that the API server is running and reachable',
  });
}

/** The code of anything thrown by a client; undefined when it is not one of its errors. */
export function apiCode(thrown: unknown): string | undefined {
  return thrown instanceof WeftError && thrown.code.startsWith('api-') ? thrown.code : undefined;
}

function classify({ status, reason }: FailureStatus): { code: string; hint?: string } {
  switch (status) {
    case 401:
      return { code: 'api-unauthorized', hint: 'check the token or client certificate' };
    case 403:
      return { code: 'api-forbidden', hint: 'check the roles bound to this user' };
    case 404:
      return { code: 'api-not-found' };
    case 409:
      return { code: reason === 'AlreadyExists' ? 'api-already-exists' : 'api-conflict' };
    case 410:
      return { code: 'api-gone' };
    case 422:
      return { code: 'api-invalid' };
    default:
      return { code: status === 429 || status >= 500 || status < 400 ? 'api-unavailable' : 'api-rejected' };
  }
}
