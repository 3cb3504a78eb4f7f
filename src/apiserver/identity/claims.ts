import { isObject, textAt, valueAt } from '../json.ts';

/** What a token is bound to: it is worth nothing when that is gone. */
export interface Reference {
  readonly name: string;
  readonly uid: string;
}

/** Kinds that tokens are bound to, besides their service account, as their claims name them. */
export type BoundKind = 'pod' | 'secret' | 'node';

export const boundKinds: readonly BoundKind[] = ['pod', 'secret', 'node'];

/** What a service account's token says (its claims, read). */
export interface AccountClaims {
  readonly audiences: readonly string[];
  /** Seconds since the epoch. */
  readonly expires: number;
  readonly notBefore: number;
  readonly id: string;
  readonly namespace: string;
  readonly account: Reference;
  readonly bound: Readonly<Partial<Record<BoundKind, Reference>>>;
}

/** The claims as JSON, with the names that upstream gives them. */
export function writeClaims(
  claims: AccountClaims,
  { issuer, issued }: { issuer: string; issued: number },
): object {
  const { audiences, expires, notBefore, id, namespace, account, bound } = claims;
  return {
    aud: audiences,
    exp: expires,
    iat: issued,
    iss: issuer,
    jti: id,
    'kubernetes.io': { namespace, ...bound, serviceaccount: account },
    nbf: notBefore,
    sub: `system:serviceaccount:${namespace}:${account.name}`,
  };
}

/** Undefined where it is not what we write: then somebody else's key would have to be ours. */
export function readClaims(claims: Record<string, unknown>, issuer: string): AccountClaims | undefined {
  const { aud, exp, nbf = 0, iss, sub } = claims;
  const own = claims['kubernetes.io'];
  const audiences = typeof aud === 'string' ? [aud] : aud;
  const account = referenceAt(own, 'serviceaccount');
  const namespace = textAt(own, ['namespace']);
  if (iss !== issuer || account === undefined || namespace === '') return undefined;
  if (sub !== `system:serviceaccount:${namespace}:${account.name}`) return undefined;
  if (!isTime(exp) || !isTime(nbf) || !isTexts(audiences)) return undefined;
  const bound = Object.fromEntries(
    boundKinds.flatMap((kind) => {
      const reference = referenceAt(own, kind);
      return reference === undefined ? [] : [[kind, reference]];
    }),
  );
  return { audiences, expires: exp, notBefore: nbf, id: textAt(claims, ['jti']), namespace, account, bound };
}

function referenceAt(own: unknown, field: string): Reference | undefined {
  const reference = valueAt(own, [field]);
  if (!isObject(reference)) return undefined;
  const [name, uid] = [textAt(reference, ['name']), textAt(reference, ['uid'])];
  return name === '' ? undefined : { name, uid };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
