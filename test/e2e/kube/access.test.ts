import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { rbacGroup } from '../../../src/apiserver/access/bindings.ts';
import {
  isPathAttributes,
  type Attributes,
  type ResourceAttributes,
} from '../../../src/apiserver/access/port.ts';
import { keyOf, objectOf, request, step, type Step } from '../../../src/apiserver/testing/random-access.ts';
import { createTestApi } from '../../../src/apiserver/testing/test-api.ts';
import { startRawKubeApiserver, type AnyApi } from '../../support/kube-apiserver.ts';
import { kubeProblem } from '../../support/kube-server.ts';
import { until } from './until.ts';

/*
 * The same roles and bindings on Weft's own API server and on a real kube-apiserver, and the same questions to both:
 * SubjectAccessReviews, by rule and by reason.
 */

const seed = Number(process.env['WEFT_SEED'] ?? 20261121);

describe('decisions are those of kube-apiserver', { skip: kubeProblem() }, () => {
  const own = createTestApi();
  let kube: AnyApi & { close(): Promise<void> };
  before(async () => {
    kube = await startRawKubeApiserver();
    for (const name of ['a', 'b']) await onBoth('POST', '/api/v1/namespaces', { metadata: { name } });
  });
  after(() => kube.close());

  const onBoth = async (method: string, path: string, body: object): Promise<void> => {
    for (const api of [own, kube]) {
      const { status, body: said } = await api.call(method, path, { body });
      assert.ok(status === 201, `${status} ${path}: ${JSON.stringify(said)}`);
    }
  };
  const answers = async (attributes: Attributes): Promise<[Answer, Answer]> =>
    (await Promise.all([own, kube].map((api) => ask(api, attributes)))) as [Answer, Answer];

  test('on random roles, bindings and questions', async (t) => {
    t.diagnostic(`WEFT_SEED=${seed}`);
    const steps = fc.sample(step, { seed, numRuns: 400 }).filter(isValid);
    const objects = new Map(steps.map((one) => [`${one.resource} ${keyOf(one)}`, one]));
    for (const one of objects.values()) await onBoth('POST', pathOf(one), objectOf(one));
    await caughtUp('roles', 'roleBindings');
    await caughtUp('clusterRoles', 'clusterRoleBindings');
    const counts = { allowed: 0, refused: 0 };
    for (const attributes of fc.sample(request, { seed, numRuns: 500 })) {
      const [ours, theirs] = await answers(attributes);
      assert.equal(ours.allowed, theirs.allowed, `${said(attributes)}: ${ours.reason} | ${theirs.reason}`);
      counts[ours.allowed ? 'allowed' : 'refused'] += 1;
    }
    assert.ok(Math.min(counts.allowed, counts.refused) > 10, JSON.stringify(counts));
  });

  test('on what the roles of every cluster allow, of the resources that both serve', async () => {
    for (const name of clusterRoles) {
      const metadata = { name: `test-${name.replaceAll(':', '-')}` };
      const roleRef = { apiGroup: rbacGroup, kind: 'ClusterRole', name };
      const subjects = [{ apiGroup: rbacGroup, kind: 'User', name: `of ${name}` }];
      await onBoth('POST', `/apis/${rbacGroup}/v1/clusterrolebindings`, { metadata, roleRef, subjects });
    }
    await caughtUp('clusterRoles', 'clusterRoleBindings');
    // What it is told of the last it does not always know of all before at once.
    for (const name of ['cluster-admin', 'system:aggregate-to-view']) {
      const user = { name: `of ${name}`, groups: [] };
      const question = { ...nowhere, user, verb: 'get', namespace: 'a', resource: 'namespaces' };
      await until(`${name} is bound`, async () => (await ask(kube, question)).allowed || undefined);
    }
    const differences: string[] = [];
    for (const asked of [...(await resourceQuestions()), ...pathQuestions]) {
      for (const name of clusterRoles) {
        const attributes = { ...asked, user: { name: `of ${name}`, groups: ['system:authenticated'] } };
        const [ours, theirs] = await answers(attributes);
        if (ours.allowed !== theirs.allowed)
          differences.push(`${said(attributes)}: ${theirs.allowed} upstream`);
      }
    }
    assert.deepEqual(differences, []);
  });

  /** kube-apiserver follows each of the four kinds in order: it has seen all before the last. */
  async function caughtUp(role: 'roles' | 'clusterRoles', binding: Step['resource']): Promise<void> {
    const name = `last-${++sentinels}`;
    const rules = [{ verbs: ['get'], apiGroups: [''], resources: [name] }];
    const one = {
      namespace: 'a',
      name,
      gone: false,
      rules,
      subjects: [{ kind: 'User', name }],
      role: { kind: role === 'roles' ? 'Role' : 'ClusterRole', name },
    };
    for (const resource of [role, binding] as const)
      await onBoth('POST', pathOf({ ...one, resource }), objectOf({ ...one, resource }));
    const question = { ...nowhere, user: { name, groups: [] }, verb: 'get', namespace: 'a', resource: name };
    await until(`${name} is seen`, async () => (await ask(kube, question)).allowed || undefined);
  }

  /** About every resource and subresource that both serve under the same name. */
  async function resourceQuestions(): Promise<Omit<ResourceAttributes, 'user'>[]> {
    const [ours, theirs] = await Promise.all([servedBy(own), servedBy(kube)]);
    return ours
      .filter((one) => theirs.includes(one))
      .flatMap((one) => {
        const [group = '', full = ''] = one.split(' ');
        const [resource = '', subresource = ''] = full.split('/');
        return ['get', 'list', 'create', 'delete', 'impersonate'].map((verb) => ({
          ...nowhere,
          verb,
          group,
          resource,
          subresource,
          namespace: 'a',
          name: verb === 'get' ? 'x' : '',
        }));
      });
  }
});

const clusterRoles = [
  'cluster-admin',
  // What makes up `admin`, `edit` and `view`: where no controller runs, these are empty.
  'system:aggregate-to-admin',
  'system:aggregate-to-edit',
  'system:aggregate-to-view',
  'system:auth-delegator',
  'system:basic-user',
  'system:discovery',
  'system:monitoring',
  'system:node-proxier',
];

const pathQuestions = [
  '/',
  '/api',
  '/api/v1',
  '/apis/x',
  '/openapi/v3',
  '/openid/v1/jwks',
  '/.well-known/openid-configuration',
  '/healthz',
  '/livez/x',
  '/readyz/',
  '/version',
  '/version/',
  '/metrics',
  '/logs',
].flatMap((path) => ['get', 'post'].map((verb) => ({ verb, path })));

/** `GROUP RESOURCE`, of all groups. */
async function servedBy(api: AnyApi): Promise<string[]> {
  const { body } = await api.call('GET', '/apis');
  const groups = body['groups'] as { name: string; preferredVersion: { groupVersion: string } }[];
  const places = [
    ['', '/api/v1'],
    ...groups.map(({ name, preferredVersion }) => [name, `/apis/${preferredVersion.groupVersion}`]),
  ];
  const lists = await Promise.all(
    places.map(async ([group, path = '']) => {
      const { body: list } = await api.call('GET', path);
      return (list['resources'] as { name: string }[]).map(({ name }) => `${group} ${name}`);
    }),
  );
  return lists.flat();
}

function said({ user, ...asked }: Attributes): string {
  return `${user.name} [${user.groups.join(' ')}] ${JSON.stringify(asked)}`;
}

let sentinels = 0;

interface Answer {
  readonly allowed: boolean;
  readonly reason: string;
}

async function ask(api: AnyApi, attributes: Attributes): Promise<Answer> {
  const { user, ...asked } = attributes;
  const spec = {
    user: user.name,
    groups: user.groups,
    ...(isPathAttributes(attributes) ? { nonResourceAttributes: asked } : { resourceAttributes: asked }),
  };
  const { status, body } = await api.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    body: { spec },
  });
  assert.equal(status, 201, JSON.stringify(body));
  const { allowed, reason = '' } = body['status'] as { allowed: boolean; reason?: string };
  return { allowed, reason };
}

/** Where upstream's validation lets it through. */
function isValid({ resource, gone, rules, role }: Step): boolean {
  if (gone) return false;
  if (resource === 'roles') return rules.every((rule) => rule.nonResourceURLs === undefined);
  return resource !== 'clusterRoleBindings' || role.kind === 'ClusterRole';
}

function pathOf({ resource, namespace }: Step): string {
  const place = resource === 'roles' || resource === 'roleBindings' ? `namespaces/${namespace}/` : '';
  return `/apis/${rbacGroup}/v1/${place}${resource.toLowerCase()}`;
}

const nowhere = { namespace: '', group: '', version: 'v1', resource: '', subresource: '', name: '' };
