import { hash, timingSafeEqual } from 'node:crypto';
import { tokenIssuer, type ServiceAccountTokens } from '../identity/service-account-tokens.ts';
import { authenticated, type User } from '../identity/user.ts';
import { StatusError } from '../status.ts';
import type { ApiRequest } from './messages.ts';

/** A secret and whom it stands for. */
export interface Token {
  readonly token: string;
  readonly user: User;
}

/** Says who asks. */
export interface Authenticate {
  /** Who sent a request; throws a 401 that tells nothing. */
  request(request: Pick<ApiRequest, 'headers' | 'certificate'>): User;
  /** Whose token it is, and which of these audiences it is meant for; undefined for every other. */
  token(token: string, audiences: readonly string[]): { user: User; audiences: string[] } | undefined;
}

export interface Authentication {
  readonly tokens: readonly Token[];
  readonly accounts: ServiceAccountTokens;
}

/**
 * Client certificates (the common name is the user, organizations are its groups), bearer tokens (RFC 6750) that are
 * known, by their digest, and those of service accounts.
 */
export function createAuthenticate({ tokens, accounts }: Authentication): Authenticate {
  // A digest tells nothing of what it is of, so that looking it up may take different times.
  const known = new Map(tokens.map((it) => [digest(it.token), { ...it, user: authenticated(it.user) }]));
  // Hashing for every request costs more than deciding it. V8 seeds its own hashes: nothing is learnt from their times.
  const met = new Map<string, User>();
  const knownUser = (token: string): User | undefined => {
    const before = met.get(token);
    if (before !== undefined) return before;
    const found = known.get(digest(token));
    if (found === undefined || !isSame(found.token, token)) return undefined;
    met.set(token, found.user);
    return found.user;
  };
  const ofToken = (
    token: string,
    audiences: readonly string[],
  ): { user: User; audiences: string[] } | undefined => {
    const user = knownUser(token);
    if (user === undefined) return accounts.verify(token, audiences);
    // They are for this server and say nothing of others.
    return audiences.includes(tokenIssuer) ? { user, audiences: [tokenIssuer] } : undefined;
  };
  return {
    request({ headers, certificate }) {
      if (certificate !== undefined) return authenticated(certificate);
      const offered = /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
      const found = offered === undefined ? undefined : ofToken(offered, ownAudience);
      if (found === undefined) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
      return found.user;
    },
    token: ofToken,
  };
}

const ownAudience = [tokenIssuer];

function digest(token: string): string {
  return hash('sha256', token, 'base64');
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
