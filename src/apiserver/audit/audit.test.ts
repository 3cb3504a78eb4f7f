import assert from 'node:assert/strict';
import test from 'node:test';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { createTestApi } from '../testing/test-api.ts';

test('every request is written down with who asked, what was decided and what came of it, and no body', async () => {
  const lines: string[] = [];
  const api = createTestApi({
    clock: createFakeClock(),
    auditSink: { write: (line) => void lines.push(line) },
  });
  const as = { name: 'jane', groups: ['dev'] };
  await api.call('POST', '/api/v1/namespaces/default/secrets', {
    body: { metadata: { name: 's' }, stringData: { password: 'hunter2' } },
    headers: { 'user-agent': 'test\n"', 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' },
  });
  await api.call('GET', '/api/v1/namespaces/default/secrets/s?x=%0A', { as });
  await api.call('GET', '/metrics', { headers: { authorization: 'Bearer no' } });
  await api.watch('/api/v1/namespaces?watch=1');
  assert.ok(lines.every((line) => line.endsWith('\n') && !line.slice(0, -1).includes('\n')));
  assert.doesNotMatch(lines.join(''), /hunter2/);
  const [created, refused, unknown, watched] = lines.map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  );
  const { auditID, ...event } = created ?? {};
  assert.match(String(auditID), /^[\da-f-]{36}$/);
  assert.deepEqual(event, {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/default/secrets',
    verb: 'create',
    user: { username: 'tester', groups: ['system:masters', 'system:authenticated'] },
    impersonatedUser: { username: 'bob', groups: ['system:masters', 'system:authenticated'] },
    userAgent: 'test\n"',
    objectRef: { resource: 'secrets', namespace: 'default', apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 201 },
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    requestReceivedTimestamp: '1970-01-01T00:00:00.000000Z',
    stageTimestamp: '1970-01-01T00:00:00.000000Z',
  });
  assert.deepEqual(refused?.['responseStatus'], {
    metadata: {},
    status: 'Failure',
    reason: 'Forbidden',
    code: 403,
  });
  assert.deepEqual(refused?.['objectRef'], {
    resource: 'secrets',
    namespace: 'default',
    name: 's',
    apiVersion: 'v1',
  });
  assert.deepEqual(
    [unknown?.['user'], (unknown?.['responseStatus'] as Record<string, unknown> | undefined)?.['code']],
    [{}, 401],
  );
  assert.deepEqual([watched?.['stage'], watched?.['verb']], ['ResponseStarted', 'watch']);
});
