import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrivateDnsRecord, PrivateDnsZone } from '../../api/types/fabric.ts';
import { internetAnswer } from './internet-zone.ts';
import { privateNames } from './private-zones.ts';
import type { ZoneQuestion } from './records.ts';

const zone = (
  name: string,
  records: readonly PrivateDnsRecord[],
  spec: Partial<PrivateDnsZone['spec']> = {},
): PrivateDnsZone => ({
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'PrivateDnsZone',
  metadata: { name },
  spec: { records: [...records], ...spec },
});

const a = (name: string, ...values: string[]): PrivateDnsRecord => ({ name, type: 'A', values });

/** The rcode, `OWNER TTL VALUE` of the answers, and `SOA ZONE` where it may be remembered that there are none. */
const asking =
  (...zones: PrivateDnsZone[]) =>
  (name: string, type: ZoneQuestion['type'] = 'A'): string[] => {
    const names = privateNames(zones);
    const answer = names({ name, type }, (question) => internetAnswer(question, ['IPv4']));
    const texts = answer.answers.map((one) => {
      const { name: owner, ttl, ...data } = one;
      const value = 'address' in data ? data.address : 'target' in data ? data.target : data.type;
      return `${owner} ${ttl} ${value}`;
    });
    return [answer.rcode, ...texts, ...answer.authority.map((one) => `${one.type} ${one.name}`)];
  };

const corp = zone('corp.example', [
  a('@', '10.0.0.1'),
  { ...a('db', '10.0.0.4', '10.0.0.5'), ttl: 10 },
  a('a.deep', '10.0.0.6'),
  a('*.apps', '10.0.0.7'),
  { name: 'alias', type: 'CNAME', values: ['db.corp.example.'] },
  { name: 'outside', type: 'CNAME', values: ['www.example.com'] },
  { name: 'other', type: 'CNAME', values: ['store.blobs.example'] },
  { name: 'text', type: 'TXT', values: ['one', 'two'] },
]);

test('a record is answered with its lifetime, whatever case it is asked in', () => {
  const ask = asking(corp);
  assert.deepEqual(ask('DB.corp.example'), [
    'NOERROR',
    'DB.corp.example 10 10.0.0.4',
    'DB.corp.example 10 10.0.0.5',
  ]);
  assert.deepEqual(ask('corp.example'), ['NOERROR', 'corp.example 300 10.0.0.1']);
  assert.deepEqual(ask('text.corp.example', 'TXT'), [
    'NOERROR',
    'text.corp.example 300 TXT',
    'text.corp.example 300 TXT',
  ]);
});

test('a name without such records is told from one that does not exist', () => {
  const ask = asking(corp);
  assert.deepEqual(ask('db.corp.example', 'AAAA'), ['NOERROR', 'SOA corp.example']);
  assert.deepEqual(ask('deep.corp.example'), ['NOERROR', 'SOA corp.example']);
  assert.deepEqual(ask('none.corp.example'), ['NXDOMAIN', 'SOA corp.example']);
});

test('a wildcard stands for what is not there, at any depth, and not beside names that are', () => {
  const ask = asking(corp, zone('wild.example', [a('*', '10.0.1.1'), a('host', '10.0.1.2')]));
  assert.deepEqual(ask('x.apps.corp.example'), ['NOERROR', 'x.apps.corp.example 300 10.0.0.7']);
  assert.deepEqual(ask('y.x.wild.example'), ['NOERROR', 'y.x.wild.example 300 10.0.1.1']);
  assert.deepEqual(ask('host.wild.example'), ['NOERROR', 'host.wild.example 300 10.0.1.2']);
  assert.deepEqual(ask('below.host.wild.example'), ['NXDOMAIN', 'SOA wild.example']);
});

test('aliases are followed within the zone, to other zones and to the internet', () => {
  const ask = asking(corp, zone('blobs.example', [a('store', '10.0.2.1')]));
  assert.deepEqual(ask('alias.corp.example'), [
    'NOERROR',
    'alias.corp.example 300 db.corp.example',
    'db.corp.example 10 10.0.0.4',
    'db.corp.example 10 10.0.0.5',
  ]);
  assert.deepEqual(ask('outside.corp.example').slice(-1), ['www.example.com 60 203.0.113.10']);
  assert.deepEqual(ask('other.corp.example').slice(-1), ['store.blobs.example 300 10.0.2.1']);
  assert.equal(asking(corp)('other.corp.example')[0], 'NXDOMAIN');
});

test('aliases in a circle between zones come to an end', () => {
  const circle = [
    zone('one.example', [{ name: 'x', type: 'CNAME', values: ['x.two.example'] }]),
    zone('two.example', [{ name: 'x', type: 'CNAME', values: ['x.one.example'] }]),
  ];
  assert.equal(asking(...circle)('x.one.example')[0], 'NOERROR');
});

test('the longest zone decides, hides what the internet says of it, and leaves the rest alone', () => {
  const ask = asking(
    zone('example.com', [a('www', '10.0.0.8')]),
    zone('longer', [a('www', '10.0.0.9')], { zone: 'api.example.com' }),
  );
  assert.deepEqual(ask('www.example.com'), ['NOERROR', 'www.example.com 300 10.0.0.8']);
  assert.deepEqual(ask('www.api.example.com'), ['NOERROR', 'www.api.example.com 300 10.0.0.9']);
  assert.equal(ask('198-51-100-7.example.com')[0], 'NXDOMAIN');
  assert.deepEqual(ask('www.example.net'), ['NOERROR', 'www.example.net 60 203.0.113.10']);
  assert.equal(ask('badexample.com')[0], 'NXDOMAIN');
});

test('two objects with one zone add to each other', () => {
  const ask = asking(
    zone('one', [a('x', '10.0.0.1')], { zone: 'corp.example' }),
    zone('two', [a('x', '10.0.0.2'), a('y', '10.0.0.3')], { zone: 'corp.example' }),
  );
  assert.deepEqual(ask('x.corp.example').length, 3);
  assert.deepEqual(ask('y.corp.example').length, 2);
});
