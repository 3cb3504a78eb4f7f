import { hash, timingSafeEqual } from 'node:crypto';
import { StatusError } from '../status.ts';
import type { ApiRequest } from './messages.ts';

/** A secret and whom it stands for. */
export interface Token {
  readonly token: string;
  readonly user: string;
}

/** Says who sent a request; throws a 401 that tells nothing. */
export type Authenticate = (request: Pick<ApiRequest, 'headers' | 'clientName'>) => string;

/** Bearer tokens (RFC 6750) and client certificates. Tokens are compared by digest, in constant time. */
export function createAuthenticate(tokens: readonly Token[]): Authenticate {
  const known = tokens.map(({ token, user }) => ({ digest: digest(token), user }));
  return ({ headers, clientName }) => {
    if (clientName !== undefined) return clientName;
    const offered = /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
    if (offered !== undefined) {
      const wanted = digest(offered);
      let user: string | undefined;
      for (const one of known) if (timingSafeEqual(one.digest, wanted)) user = one.user;
      if (user !== undefined) return user;
    }
    throw new StatusError(401, 'Unauthorized', 'Unauthorized');
  };
}

function digest(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
