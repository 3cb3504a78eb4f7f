import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { isObject } from '../json.ts';

/** A NIST P-256 key that signs tokens (RFC 7518 ES256), and how tokens name it. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly id: string;
}

/** Longer than any token that we sign. */
const longestToken = 8192;

export function signingKeyOf(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { privateKey, publicKey, id: createHash('sha256').update(spki).digest('base64url') };
}

/** The claims as a signed token (RFC 7519, compact form). */
export function signToken(key: SigningKey, claims: object): string {
  const head = encoded({ alg: 'ES256', kid: key.id });
  const body = encoded(claims);
  const signed = Buffer.from(`${head}.${body}`, 'latin1');
  const signature = sign('sha256', signed, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${head}.${body}.${signature.toString('base64url')}`;
}

/**
 * The claims of a token that this key signed; undefined for everything else. The algorithm is fixed: what the token
 * says of it must agree, and chooses nothing.
 */
export function verifiedClaims(key: SigningKey, token: string): Record<string, unknown> | undefined {
  if (token.length > longestToken) return undefined;
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || ![head, body, signature].every(isBase64Url)) return undefined;
  if (!isFor(key, decoded(head))) return undefined;
  const bytes = Buffer.from(signature, 'base64url');
  const signed = Buffer.from(`${head}.${body}`, 'latin1');
  const isOurs =
    bytes.length === 64 && verify('sha256', signed, { key: key.publicKey, dsaEncoding: 'ieee-p1363' }, bytes);
  return isOurs ? decoded(body) : undefined;
}

function isFor(key: SigningKey, header: Record<string, unknown> | undefined): boolean {
  if (header === undefined || header['alg'] !== 'ES256' || header['crit'] !== undefined) return false;
  return header['kid'] === undefined || header['kid'] === key.id;
}

/** The public key for others who verify (RFC 7517). */
export function publicKeySet({ publicKey, id }: SigningKey): object {
  return { keys: [{ use: 'sig', ...publicKey.export({ format: 'jwk' }), kid: id, alg: 'ES256' }] };
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Without padding, and with nothing that decoders pass over. */
function isBase64Url(text: string): boolean {
  return /^[\w-]+$/.test(text);
}

function decoded(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
