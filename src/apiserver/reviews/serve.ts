import { parseBody } from '../body.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { isObject, type JsonObject } from '../json.ts';
import { badRequest, methodNotAllowed } from '../status.ts';
import { reviewAccess, reviewLocalAccess, reviewOwnAccess } from './access.ts';
import type { Question, ReviewContext } from './port.ts';
import { reviewOwnRules } from './rules.ts';
import { userInfo } from './user-info.ts';
import { reviewToken } from './token.ts';

interface Review {
  readonly kind: string;
  readonly status: (context: ReviewContext, question: Question) => object;
}

const reviews: Readonly<Record<string, Review>> = {
  'authorization.k8s.io/v1/selfsubjectaccessreviews': {
    kind: 'SelfSubjectAccessReview',
    status: reviewOwnAccess,
  },
  'authorization.k8s.io/v1/subjectaccessreviews': { kind: 'SubjectAccessReview', status: reviewAccess },
  'authorization.k8s.io/v1/localsubjectaccessreviews': {
    kind: 'LocalSubjectAccessReview',
    status: reviewLocalAccess,
  },
  'authorization.k8s.io/v1/selfsubjectrulesreviews': {
    kind: 'SelfSubjectRulesReview',
    status: reviewOwnRules,
  },
  'authentication.k8s.io/v1/selfsubjectreviews': {
    kind: 'SelfSubjectReview',
    status: ({ user }) => ({ userInfo: userInfo(user) }),
  },
  'authentication.k8s.io/v1/tokenreviews': { kind: 'TokenReview', status: reviewToken },
};

/** Answers questions that are asked like objects and never stored; undefined for every other path. */
export async function serveReview(
  request: ApiRequest,
  context: ReviewContext,
): Promise<ApiResponse | undefined> {
  const [, word = '', namespace = '', plural = ''] =
    /^\/apis\/([\w.]+\/\w+\/)(?:namespaces\/([^/]+)\/)?(\w+)$/.exec(request.path) ?? [];
  const review = Object.hasOwn(reviews, word + plural) ? reviews[word + plural] : undefined;
  if (review === undefined || (namespace !== '') !== (review.kind === 'LocalSubjectAccessReview'))
    return undefined;
  if (request.method !== 'POST') throw methodNotAllowed();
  const body = await parseBody(request);
  if (!isObject(body)) throw badRequest(`the body is not a ${review.kind}`);
  const spec = (isObject(body['spec']) ? body['spec'] : {}) as JsonObject;
  return jsonResponse(201, {
    kind: review.kind,
    apiVersion: word.slice(0, -1),
    metadata: { creationTimestamp: null },
    ...(review.kind !== 'SelfSubjectReview' && { spec }),
    status: review.status(context, { spec, namespace }),
  });
}
