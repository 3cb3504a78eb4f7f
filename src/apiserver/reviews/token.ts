import { tokenIssuer } from '../identity/service-account-tokens.ts';
import { arrayAt, textAt } from '../json.ts';
import { badRequest } from '../status.ts';
import type { Question, ReviewContext } from './port.ts';
import { userInfo } from './user-info.ts';

/** Whose token is this, and is it meant for these audiences (for the API server where none are named)? */
export function reviewToken({ authenticate }: ReviewContext, { spec }: Question): object {
  const token = textAt(spec, ['token']);
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const named = arrayAt(spec, ['audiences']).filter((item) => typeof item === 'string');
  const found = authenticate.token(token, named.length === 0 ? [tokenIssuer] : named);
  if (found === undefined) return { user: {}, error: 'invalid bearer token' };
  return { authenticated: true, user: userInfo(found.user), audiences: found.audiences };
}
