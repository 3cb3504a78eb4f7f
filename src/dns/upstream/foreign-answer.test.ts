import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnsRecord, DnsReply } from '../../wire/dns/message.ts';
import { addressesOf, foreignAnswer, lifetimeOf } from './foreign-answer.ts';

const question = { name: 'WWW.example.com', type: 1, class: 1 };
const soa: DnsRecord = {
  name: 'example.com',
  ttl: 600,
  type: 'SOA',
  primary: 'ns.example.com',
  mailbox: 'h.example.com',
  serial: 1,
  refresh: 1,
  retry: 1,
  expire: 1,
  minimum: 20,
};
const reply = (parts: Partial<DnsReply>): DnsReply => ({
  id: 1,
  truncated: false,
  rcode: 0,
  question,
  answers: [],
  authority: [],
  ...parts,
});
const a = (name: string, ttl: number, address = '203.0.113.1'): DnsRecord => ({
  name,
  ttl,
  type: 'A',
  address,
});
const alias = (name: string, target: string, ttl = 60): DnsRecord => ({ name, ttl, type: 'CNAME', target });

test('only the aliases from the name and the records at their end are taken', () => {
  const told = foreignAnswer(
    question,
    reply({
      answers: [
        alias('www.example.com', 'Edge.example.net', 9),
        a('edge.example.net', 30),
        a('bank.example', 9999, '198.51.100.66'),
      ],
    }),
  );
  assert.deepEqual(addressesOf(told), { addresses: ['203.0.113.1'], ttl: 30 });
  assert.deepEqual(told.names, ['www.example.com', 'edge.example.net']);
  assert.equal(lifetimeOf(told), 9);
});

test('aliases in a circle end', () => {
  const told = foreignAnswer(
    question,
    reply({ answers: [alias('www.example.com', 'b.test'), alias('b.test', 'www.example.com')] }),
  );
  assert.deepEqual(told.names, ['www.example.com', 'b.test']);
});

test('a negative answer lives as long as its SOA says, and not at all without one', () => {
  const missing = reply({ rcode: 3, authority: [soa] });
  assert.equal(lifetimeOf(foreignAnswer(question, missing)), 20);
  assert.equal(lifetimeOf(foreignAnswer(question, { ...missing, authority: [] })), 0);
  const nothing = reply({
    authority: [{ ...soa, ttl: 5 }],
    answers: [alias('www.example.com', 'b.test', 3)],
  });
  assert.equal(lifetimeOf(foreignAnswer(question, nothing)), 3);
});

test('no answer lives for more than an hour, whatever the server says', () => {
  assert.equal(
    lifetimeOf(foreignAnswer(question, reply({ answers: [a('www.example.com', 999_999)] }))),
    3600,
  );
  const missing = reply({ rcode: 3, authority: [{ ...soa, ttl: 99_999, minimum: 99_999 }] });
  assert.equal(lifetimeOf(foreignAnswer(question, missing)), 1800);
});
