import assert from 'node:assert/strict';
import { test } from 'node:test';
import { internetAnswer } from './internet-zone.ts';
import type { ZoneQuestion } from './records.ts';

const ask = (name: string, type: ZoneQuestion['type'] = 'A'): unknown[] => {
  const { rcode, answers } = internetAnswer({ name, type }, ['IPv4', 'IPv6']);
  return [
    rcode,
    ...answers.map((one) => `${one.name} ${one.ttl} ${'address' in one ? one.address : one.type}`),
  ];
};

test('names of the lab’s internet are the machine that stands for it', () => {
  assert.deepEqual(ask('WWW.example.com'), ['NOERROR', 'WWW.example.com 60 203.0.113.10']);
  assert.deepEqual(ask('example.net', 'AAAA'), ['NOERROR', 'example.net 60 2001:db8:113::10']);
  assert.deepEqual(ask('alias.example.com'), [
    'NOERROR',
    'alias.example.com 60 CNAME',
    'www.example.net 60 203.0.113.10',
  ]);
});

test('a name can say its address, and for how long', () => {
  assert.deepEqual(ask('198-51-100-7.example.org'), ['NOERROR', '198-51-100-7.example.org 60 198.51.100.7']);
  assert.deepEqual(ask('ttl-5.198-51-100-7.example.org'), [
    'NOERROR',
    'ttl-5.198-51-100-7.example.org 5 198.51.100.7',
  ]);
  assert.deepEqual(ask('2001-db8--7.example.org', 'AAAA'), [
    'NOERROR',
    '2001-db8--7.example.org 60 2001:db8::7',
  ]);
  assert.deepEqual(ask('198-51-100-7.example.org', 'AAAA'), ['NOERROR']);
});

test('no other name exists, and in its zones that may be remembered', () => {
  for (const name of [
    'nobody.example.com',
    'ttl-5.example.com',
    'a.198-51-100-7.example.com',
    'nowhere.test',
    '',
  ]) {
    assert.deepEqual(ask(name), ['NXDOMAIN']);
  }
  const { authority } = internetAnswer({ name: 'nobody.example.com', type: 'A' }, ['IPv4']);
  assert.deepEqual(
    authority.map(({ name, type }) => `${name} ${type}`),
    ['example.com SOA'],
  );
});
