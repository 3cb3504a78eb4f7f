import { errnoNumber } from '../libc-errno.ts';
import type { RouteFailure, RouteOperation } from './port.ts';

/** An operation that is refused without, or before, asking the kernel; becomes a `RouteFailure`. */
export class Refusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }
}

export type RefusalCode =
  | 'EEXIST'
  | 'EHOSTUNREACH'
  | 'EINVAL'
  | 'ENETUNREACH'
  | 'ENODEV'
  | 'ENOENT'
  | 'EOPNOTSUPP';

/** What the caller of `apply` gets for it. */
export function failureOf(operation: RouteOperation, { code, message }: Refusal): RouteFailure {
  return { operation, errno: errnoNumber(code) ?? 0, code, message };
}

export function noSuchLink(name: string): Refusal {
  return new Refusal('ENODEV', `there is no link ${name}`);
}
