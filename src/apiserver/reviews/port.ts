import type { Authorizer } from '../access/port.ts';
import type { Authenticate } from '../http/authenticate.ts';
import type { User } from '../identity/user.ts';
import type { JsonObject } from '../json.ts';

/** What answers are made of. */
export interface ReviewContext {
  /** Who asks. */
  readonly user: User;
  readonly authorizer: Authorizer;
  readonly authenticate: Authenticate;
}

/** What is asked: the spec of the body, and the namespace of the path. */
export interface Question {
  readonly spec: JsonObject;
  readonly namespace: string;
}
