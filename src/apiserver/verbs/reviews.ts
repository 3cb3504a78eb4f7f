import { parseBody } from '../body.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { isObject } from '../json.ts';
import { methodNotAllowed } from '../status.ts';

/** Everybody who may come in may do everything. */
const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

const reviews: Readonly<Record<string, { kind: string; status: (user: string) => object }>> = {
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews': {
    kind: 'SelfSubjectAccessReview',
    status: () => ({ allowed: true }),
  },
  '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews': {
    kind: 'SelfSubjectRulesReview',
    status: () => everything,
  },
  '/apis/authentication.k8s.io/v1/selfsubjectreviews': {
    kind: 'SelfSubjectReview',
    status: (username) => ({ userInfo: { username, groups: ['system:masters', 'system:authenticated'] } }),
  },
};

/** What somebody asks about themselves, as `kubectl auth` does; undefined for every other path. */
export async function serveReview(request: ApiRequest, user: string): Promise<ApiResponse | undefined> {
  const review = Object.hasOwn(reviews, request.path) ? reviews[request.path] : undefined;
  if (review === undefined) return undefined;
  if (request.method !== 'POST') throw methodNotAllowed();
  const [, , group, version] = request.path.split('/');
  return jsonResponse(201, {
    kind: review.kind,
    apiVersion: `${group}/${version}`,
    metadata: { creationTimestamp: null },
    spec: await specOf(request),
    status: review.status(user),
  });
}

/** The question, which is told again; in protobuf it is left out, for no answer depends on it. */
async function specOf(request: ApiRequest): Promise<object> {
  if ((request.headers['content-type'] ?? '').includes('protobuf')) return {};
  const body = await parseBody(request);
  const spec = isObject(body) ? body['spec'] : undefined;
  return isObject(spec) ? spec : {};
}
