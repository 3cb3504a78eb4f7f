import { randomUUID } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import type { StoredObject } from '../json.ts';
import type { Store } from '../store/port.ts';
import { readClaims, writeClaims, type AccountClaims, type BoundKind, type Reference } from './claims.ts';
import { publicKeySet, signToken, verifiedClaims, type SigningKey } from './jwt.ts';
import { serviceAccountGroups, serviceAccountUserName, type User } from './user.ts';

export interface TokensOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Made when it is first needed. */
  readonly key: () => SigningKey;
}

/** What is asked for with a TokenRequest. */
export interface TokenGrant {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly account: StoredObject;
  readonly bound: Readonly<Partial<Record<BoundKind, StoredObject>>>;
}

/** Signs and recognises the tokens of service accounts. */
export interface ServiceAccountTokens {
  issue(grant: TokenGrant): { readonly token: string; readonly expires: number };
  /**
   * Whose token it is and which of the audiences it is meant for; undefined when it is not ours, not now, for none of
   * them, or of something that is gone.
   */
  verify(token: string, audiences: readonly string[]): { user: User; audiences: string[] } | undefined;
  /** What others need to verify tokens: /openid/v1/jwks. */
  keySet(): object;
}

/** Who issues the tokens, and whom they are for where nothing is said. */
export const tokenIssuer = 'https://kubernetes.default.svc.cluster.local';

/** How far clocks may differ, in seconds; and how long what is being deleted still acts. */
const leewaySeconds = 60;

/** Checking a signature costs 0.1 ms: what was found good is remembered, by the token's own text. */
const mostRemembered = 1024;

export function createServiceAccountTokens({ store, clock, key }: TokensOptions): ServiceAccountTokens {
  const remembered = new Map<string, { readonly claims: AccountClaims; readonly user: User }>();
  const seconds = (): number => clock.now() / 1000;

  const holderOf = (token: string): { claims: AccountClaims; user: User } | undefined => {
    const known = remembered.get(token);
    if (known !== undefined) return known;
    const verified = verifiedClaims(key(), token);
    const claims = verified && readClaims(verified, tokenIssuer);
    if (claims === undefined) return undefined;
    const holder = { claims, user: userOf(claims) };
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(token, holder);
    return holder;
  };
  const isThere = (resource: string, objectKey: string, uid: string): boolean => {
    const metadata = store.get(resource, objectKey)?.object.metadata;
    if (metadata === undefined || metadata.uid !== uid) return false;
    const deleted = metadata.deletionTimestamp;
    return deleted === undefined || Date.parse(deleted) / 1000 + leewaySeconds > seconds();
  };
  const isBoundToLiving = ({ namespace, account, bound }: AccountClaims): boolean => {
    if (!isThere('serviceaccounts', `${namespace}/${account.name}`, account.uid)) return false;
    const { pod, secret, node } = bound;
    if (pod !== undefined) return isThere('pods', `${namespace}/${pod.name}`, pod.uid);
    if (secret !== undefined) return isThere('secrets', `${namespace}/${secret.name}`, secret.uid);
    return node === undefined || isThere('nodes', node.name, node.uid);
  };
  const isNow = ({ notBefore, expires }: AccountClaims): boolean =>
    notBefore <= seconds() + leewaySeconds && seconds() < expires + leewaySeconds;

  return {
    issue({ audiences, expirationSeconds, account, bound }) {
      const now = Math.floor(seconds());
      const references = Object.entries(bound).map(([kind, object]) => [kind, referenceTo(object)]);
      const claims: AccountClaims = {
        audiences,
        expires: now + expirationSeconds,
        notBefore: now,
        id: randomUUID(),
        namespace: account.metadata.namespace ?? '',
        account: referenceTo(account),
        bound: Object.fromEntries(references) as AccountClaims['bound'],
      };
      const token = signToken(key(), writeClaims(claims, { issuer: tokenIssuer, issued: now }));
      return { token, expires: claims.expires };
    },
    verify(token, audiences) {
      const holder = holderOf(token);
      if (holder === undefined || !isNow(holder.claims)) return undefined;
      const { claims, user } = holder;
      const meant = audiences.filter((one) => claims.audiences.includes(one));
      if (meant.length === 0 || !isBoundToLiving(claims)) return undefined;
      return { user, audiences: meant };
    },
    keySet: () => publicKeySet(key()),
  };
}

function referenceTo({ metadata: { name, uid = '' } }: StoredObject): Reference {
  return { name, uid };
}

function userOf({ namespace, account, bound, id }: AccountClaims): User {
  const { pod, node } = bound;
  return {
    name: serviceAccountUserName(namespace, account.name),
    uid: account.uid,
    groups: [...serviceAccountGroups(namespace), 'system:authenticated'],
    extra: {
      ...(id !== '' && { 'authentication.kubernetes.io/credential-id': [`JTI=${id}`] }),
      ...(node !== undefined && { 'authentication.kubernetes.io/node-name': [node.name] }),
      ...(node !== undefined && { 'authentication.kubernetes.io/node-uid': [node.uid] }),
      ...(pod !== undefined && { 'authentication.kubernetes.io/pod-name': [pod.name] }),
      ...(pod !== undefined && { 'authentication.kubernetes.io/pod-uid': [pod.uid] }),
    },
  };
}
