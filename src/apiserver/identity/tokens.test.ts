import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import test from 'node:test';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { newKeyPair } from '../credentials/certificate.ts';
import { createTestApi, type Answer, type TestApi } from '../testing/test-api.ts';
import { signingKeyOf, signToken, verifiedClaims } from './jwt.ts';
import { tokenIssuer } from './service-account-tokens.ts';

const accounts = '/api/v1/namespaces/default/serviceaccounts';
const whoami = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

interface Cluster {
  readonly api: TestApi;
  readonly clock: FakeClock;
  readonly token: (spec?: object) => Promise<string>;
  /** The status of a request with this token. */
  readonly use: (token: string) => Promise<number>;
}

async function cluster(): Promise<Cluster> {
  const clock = createFakeClock();
  const api = createTestApi({ clock });
  await made(api.call('POST', accounts, { body: { metadata: { name: 'robot' } } }));
  return {
    api,
    clock,
    async token(spec = {}) {
      const answer = await made(api.call('POST', `${accounts}/robot/token`, { body: { spec } }));
      return String((answer.body['status'] as Record<string, unknown>)['token']);
    },
    use: async (token) => (await api.call('POST', whoami, { headers: bearer(token), body: {} })).status,
  };
}

async function made(answer: Promise<Answer>): Promise<Answer> {
  const settled = await answer;
  assert.equal(settled.status, 201, JSON.stringify(settled.body));
  return settled;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

function claimsIn(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

test('a token says what upstream says, and stands for its service account', async () => {
  const { api, clock, token } = await cluster();
  const text = await token();
  const now = Math.floor(clock.now() / 1000);
  const uid = api.store.get('serviceaccounts', 'default/robot')?.object.metadata.uid;
  const { jti, ...claims } = claimsIn(text);
  assert.deepEqual(claims, {
    aud: [tokenIssuer],
    exp: now + 3600,
    iat: now,
    nbf: now,
    iss: tokenIssuer,
    sub: 'system:serviceaccount:default:robot',
    'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot', uid } },
  });
  const { body } = await api.call('POST', whoami, { headers: bearer(text), body: {} });
  assert.deepEqual(body['status'], {
    userInfo: {
      username: 'system:serviceaccount:default:robot',
      uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${String(jti)}`] },
    },
  });
});

test('a token ends with its time, but for what clocks may differ', async () => {
  const { clock, token, use } = await cluster();
  const text = await token({ expirationSeconds: 600 });
  await clock.advance(600_000 + 59_000);
  assert.equal(await use(text), 201);
  await clock.advance(2000);
  assert.equal(await use(text), 401);
});

test('a token ends with its service account, also when another of the same name comes', async () => {
  const { api, token, use } = await cluster();
  const text = await token();
  assert.equal(await use(text), 201);
  await api.call('DELETE', `${accounts}/robot`);
  assert.equal(await use(text), 401);
  await made(api.call('POST', accounts, { body: { metadata: { name: 'robot' } } }));
  assert.equal(await use(text), 401);
});

test('a token that is bound to a pod ends with the pod, and names it', async () => {
  const { api, token, use } = await cluster();
  const pods = '/api/v1/namespaces/default/pods';
  const pod = (name: string, serviceAccountName: string): object => ({
    metadata: { name },
    spec: { serviceAccountName, containers: [{ name: 'c', image: 'i' }] },
  });
  await made(api.call('POST', pods, { body: pod('mine', 'robot') }));
  await made(api.call('POST', pods, { body: pod('other', 'default') }));
  const boundTo = (name: string, uid?: string): object => ({
    boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, ...(uid !== undefined && { uid }) },
  });
  const text = await token(boundTo('mine'));
  const uid = api.store.get('pods', 'default/mine')?.object.metadata.uid;
  assert.deepEqual((claimsIn(text)['kubernetes.io'] as Record<string, unknown>)['pod'], {
    name: 'mine',
    uid,
  });
  assert.equal(await use(text), 201);
  const refused: [object, number][] = [
    [boundTo('other'), 400],
    [boundTo('absent'), 404],
    [boundTo('mine', 'another'), 409],
    [{ boundObjectRef: { kind: 'Deployment', apiVersion: 'apps/v1', name: 'x' } }, 400],
    [{ expirationSeconds: 599 }, 422],
    [{ expirationSeconds: 2 ** 32 + 1 }, 422],
  ];
  for (const [spec, status] of refused) {
    const answer = await api.call('POST', `${accounts}/robot/token`, { body: { spec } });
    assert.equal(answer.status, status, JSON.stringify(spec));
  }
  await api.call('DELETE', `${pods}/mine`);
  assert.equal(await use(text), 401);
});

test('a token for another audience is no way in, and a review says whom it is for', async () => {
  const { api, token, use } = await cluster();
  const text = await token({ audiences: ['vault'] });
  assert.equal(await use(text), 401);
  const review = async (spec: object): Promise<unknown> =>
    (await made(api.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: { spec } }))).body[
      'status'
    ];
  assert.deepEqual(await review({ token: text }), { user: {}, error: 'invalid bearer token' });
  assert.deepEqual(await review({ token: 'x' }), { user: {}, error: 'invalid bearer token' });
  const { authenticated, audiences } = (await review({ token: text, audiences: ['vault', 'x'] })) as Record<
    string,
    unknown
  >;
  assert.deepEqual([authenticated, audiences], [true, ['vault']]);
});

/** What is wrong with each, beside the right ones that it is made of. */
const forged: Readonly<Record<string, (token: string, now: number) => string>> = {
  'signed by another key': (token) => signToken(signingKeyOf(newKeyPair().privateKey), claimsIn(token)),
  'signed by another key that it claims is ours': (token) => {
    const [head = '', body = ''] = token.split('.');
    const { privateKey } = newKeyPair();
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), {
      key: privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${head}.${body}.${signature.toString('base64url')}`;
  },
  'without a signature': (token) => `${token.split('.').slice(0, 2).join('.')}.`,
  'with the algorithm none': (token) => `${part({ alg: 'none' })}.${token.split('.')[1]}.`,
  'with the public key as a shared secret': (token) =>
    `${part({ alg: 'HS256' })}.${token.split('.').slice(1).join('.')}`,
  'with other claims': (token) => token.replace(/\.[^.]+\./, `.${part({ ...claimsIn(token), exp: 9e9 })}.`),
  'with more after it': (token) => `${token}.x`,
  'with padding': (token) => `${token}=`,
  'with a letter that decoders pass over': (token) => `${token.slice(0, 9)}!${token.slice(9)}`,
  'cut short': (token) => token.slice(0, -2),
};

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

test('a token that is not ours to the last letter gets the same 401 as any other, and learns nothing', async () => {
  const { api, clock, token } = await cluster();
  const text = await token();
  const answers = new Set<string>();
  for (const [name, forge] of Object.entries(forged)) {
    const answer = await api.call('GET', '/api/v1/namespaces', { headers: bearer(forge(text, clock.now())) });
    assert.equal(answer.status, 401, name);
    answers.add(JSON.stringify(answer));
  }
  assert.equal(answers.size, 1);
  assert.equal((await api.call('GET', '/version', { headers: bearer(text) })).status, 200);
});

test('claims of our own key that are not for now, or of nothing that is, are refused', async () => {
  const clock = createFakeClock();
  const key = signingKeyOf(newKeyPair().privateKey);
  const { createServiceAccountTokens } = await import('./service-account-tokens.ts');
  const api = createTestApi({ clock });
  const { body } = await made(api.call('POST', accounts, { body: { metadata: { name: 'robot' } } }));
  const tokens = createServiceAccountTokens({ store: api.store, clock, key: () => key });
  const now = clock.now() / 1000;
  const account = { name: 'robot', uid: (body['metadata'] as Record<string, unknown>)['uid'] };
  const good = {
    iss: tokenIssuer,
    sub: 'system:serviceaccount:default:robot',
    aud: [tokenIssuer],
    exp: now + 600,
    nbf: now,
    'kubernetes.io': { namespace: 'default', serviceaccount: account },
  };
  const isGood = (claims: object): boolean =>
    tokens.verify(signToken(key, claims), [tokenIssuer]) !== undefined;
  assert.ok(isGood(good));
  assert.ok(isGood({ ...good, nbf: now + 59 }), 'clocks may differ a little');
  for (const [field, value] of [
    ['nbf', now + 61],
    ['exp', now - 61],
    ['exp', '9999999999'],
    ['exp', undefined],
    ['nbf', Number.NaN],
    ['iss', 'https://elsewhere'],
    ['aud', 'elsewhere'],
    ['aud', undefined],
    ['sub', 'system:serviceaccount:default:other'],
    ['kubernetes.io', undefined],
    ['kubernetes.io', { namespace: 'default', serviceaccount: { name: 'robot' } }],
  ] as const) {
    // NaN becomes null in JSON, which is no time either.
    assert.ok(!isGood({ ...good, [field]: value }), `${field} ${JSON.stringify(value)}`);
  }
});

test('others can verify tokens with the published key', async () => {
  const { api, token } = await cluster();
  const text = await token();
  const { body } = await api.call('GET', '/.well-known/openid-configuration');
  assert.equal(body['issuer'], tokenIssuer);
  const { keys } = (await api.call('GET', '/openid/v1/jwks')).body as { keys: Record<string, unknown>[] };
  const key = await crypto.subtle.importKey(
    'jwk',
    keys[0] ?? {},
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['verify'],
  );
  const [head, claims, signature = ''] = text.split('.');
  const signed = Buffer.from(`${head}.${claims}`);
  assert.ok(
    await crypto.subtle.verify(
      { name: 'ECDSA', hash: 'SHA-256' },
      key,
      Buffer.from(signature, 'base64url'),
      signed,
    ),
  );
  assert.equal(JSON.parse(Buffer.from(head ?? '', 'base64url').toString()).kid, keys[0]?.['kid']);
});

test('whatever bytes stand for a token, reading it throws nothing and finds nothing', async () => {
  const { default: fc } = await import('fast-check');
  const key = signingKeyOf(newKeyPair().privateKey);
  const good = signToken(key, { iss: 'x' });
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.array(fc.base64String(), { maxLength: 5 }).map((parts) => parts.join('.')),
    fc
      .tuple(fc.json(), fc.json(), fc.string())
      .map(([a, b, c]) => [a, b, c].map((it) => Buffer.from(it).toString('base64url')).join('.')),
    fc
      .tuple(
        fc.nat(good.length - 1),
        fc.constantFrom('A', 'z', '0', '-', '_', '.', '=', '+', '/', ' ', '\0', 'é'),
      )
      .map(([at, letter]) => good.slice(0, at) + letter + good.slice(at + 1)),
  );
  fc.assert(
    fc.property(text, (token) => {
      const claims = verifiedClaims(key, token);
      // The last letter of a signature has bits that decoders do not read.
      assert.ok(claims === undefined || token.slice(0, -1) === good.slice(0, -1));
    }),
    { seed: 20261121, numRuns: 400 },
  );
});
