import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { attributesOf } from '../access/attributes.ts';
import type { Authorizer } from '../access/port.ts';
import { createAuthenticate } from '../http/authenticate.ts';
import { StatusError } from '../status.ts';
import { effectiveUser } from './impersonate.ts';
import type { User } from './user.ts';

const accounts = {
  issue: () => assert.fail('nobody asks for a token'),
  verify: () => undefined,
  keySet: () => ({}),
};
const good = 'A'.repeat(42) + '1';
const ann: User = { name: 'ann', groups: ['dev', 'system:authenticated'] };
const authenticate = createAuthenticate({ tokens: [{ token: good, user: ann }], accounts });

const nobodyMay: Authorizer = { decide: () => ({ allowed: false, reason: '' }), rulesFor: () => [] };
const everybodyMay: Authorizer = { ...nobodyMay, decide: () => ({ allowed: true, reason: '' }) };

/** What it comes to; the status where it is refused. Everything else that is thrown fails the test. */
function outcome<T>(run: () => T): T | number {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof StatusError) return thrown.status;
    throw thrown;
  }
}

const seeded = { seed: 20261121, numRuns: 500 };

test('whatever stands in the Authorization header, only the whole token is somebody', () => {
  const near = fc.tuple(
    fc.constantFrom('Bearer ', 'bearer  ', 'Bearer', 'Basic ', '', 'Bearer\t', ' Bearer '),
    fc.oneof(
      fc.constantFrom(good, `${good} `, good.slice(1), `${good}1`, `${good},${good}`, good.toLowerCase()),
      fc.string({ unit: 'binary', maxLength: 60 }),
    ),
  );
  const header = fc.oneof(
    near.map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.option(header, { nil: undefined }), (authorization) => {
      const found = outcome(() => authenticate.request({ headers: { authorization } }));
      const isToken = /^bearer +/i.exec(authorization ?? '');
      const isGood = isToken !== null && authorization?.slice(isToken[0].length) === good;
      assert.deepEqual(found, isGood ? ann : 401);
    }),
    seeded,
  );
});

const name = fc.oneof(
  fc.constantFrom('user', 'group', 'uid', 'extra-a', 'extra-%zz', 'extra-__proto__', 'extra-', 'other', ''),
  fc.string({ maxLength: 8 }),
);
const headerName = fc
  .tuple(fc.constantFrom('Impersonate-', 'impersonate-', 'X-', ''), name)
  .map((parts) => parts.join(''));
const value = fc.oneof(
  fc.constantFrom('', 'bob', 'system:masters', 'system:serviceaccount:a:b', 'system:serviceaccount::', 'a,b'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** Headers as the server reads them: by name, and as they came. */
function headersOf(pairs: readonly (readonly [string, string])[]): Parameters<typeof effectiveUser>[0] {
  const headers: Record<string, string> = {};
  for (const [key, text] of pairs) headers[key.toLowerCase()] = text;
  return { headers, rawHeaders: pairs.flat() };
}

test('whoever may impersonate nobody is themself or refused, whatever the headers say', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(headerName, value), { maxLength: 6 }), (pairs) => {
      const found = outcome(() => effectiveUser(headersOf(pairs), ann, nobodyMay));
      const asks = pairs.some(([key]) => key.toLowerCase().startsWith('impersonate-'));
      if (asks) assert.ok(found === 400 || found === 403, JSON.stringify(found));
      else assert.equal(found, ann);
    }),
    seeded,
  );
});

test('whoever may impersonate everybody gets a user of the named groups, or 400', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(headerName, value), { maxLength: 6 }), (pairs) => {
      const found = outcome(() => effectiveUser(headersOf(pairs), ann, everybodyMay));
      if (found === 400 || found === ann) return;
      assert.ok(typeof found === 'object');
      const asked = pairs.filter(([key]) => key.toLowerCase() === 'impersonate-group');
      for (const [, group] of asked) assert.ok(found.groups.includes(group));
      assert.equal(Object.getPrototypeOf(found.extra ?? {}), Object.prototype);
    }),
    seeded,
  );
});

test('whatever path is asked for, what is wanted of it can be said, or it is 400', () => {
  const part = fc.oneof(
    fc.constantFrom(
      'api',
      'apis',
      'v1',
      'namespaces',
      'default',
      'pods',
      'x',
      'status',
      'finalize',
      '',
      '%zz',
      '%2f',
      '..',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  const query = fc.constantFrom(
    '',
    'watch=1',
    'watch=x',
    'fieldSelector=metadata.name%3Dx',
    'fieldSelector=%3D%3D,',
  );
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'constructor', '');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 9 }), query, method, (parts, search, verb) => {
      const asked = { method: verb, path: `/${parts.join('/')}`, query: new URLSearchParams(search) };
      const found = outcome(() => attributesOf(asked, ann));
      if (typeof found === 'number') assert.equal(found, 400);
      else
        for (const [field, text] of Object.entries(found)) {
          if (field !== 'user' && field !== 'fields') assert.equal(typeof text, 'string', field);
        }
    }),
    seeded,
  );
});
