import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { methodNotAllowed } from '../status.ts';
import { tokenIssuer, type ServiceAccountTokens } from './service-account-tokens.ts';

/** What others need to verify tokens of service accounts (OpenID Connect Discovery 1.0); undefined for other paths. */
export function serveOpenid(request: ApiRequest, accounts: ServiceAccountTokens): ApiResponse | undefined {
  const document = documentAt(request.path.replace(/\/$/, ''), accounts);
  if (document === undefined) return undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  return document;
}

function documentAt(path: string, accounts: ServiceAccountTokens): ApiResponse | undefined {
  if (path === '/openid/v1/jwks') {
    return jsonResponse(200, accounts.keySet(), { 'content-type': 'application/jwk-set+json' });
  }
  if (path !== '/.well-known/openid-configuration') return undefined;
  return jsonResponse(200, {
    issuer: tokenIssuer,
    jwks_uri: `${tokenIssuer}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  });
}
