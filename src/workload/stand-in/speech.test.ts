import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { countLines, recognise } from './speech.ts';

const speechOf = (text: string): string => recognise(Buffer.from(text));

test('requests are HTTP, whatever their target looks like', () => {
  const requests = [
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'POST /healthz HTTP/1.0\r\n',
    'OPTIONS * HTTP/1.1\r\n',
    'GET http://a.example/ HTTP/1.1\r\n',
    'CONNECT a.example:443 HTTP/1.1\r\n',
  ];
  for (const request of requests) assert.equal(speechOf(request), 'http', request);
});

test('other protocols are answered line by line, also those that have a GET', () => {
  for (const text of [
    'weft probe\n',
    'GET key\r\n',
    'get / HTTP/1.1\r\n',
    'PING\r\n',
    '\u0016\u0003\u0001',
    '\n',
  ]) {
    assert.equal(speechOf(text), 'lines', text);
  }
});

test('the beginning of a request line is not decided yet', () => {
  for (const text of ['G', 'POST', 'GET ', 'GET http://a.example/'])
    assert.equal(speechOf(text), 'undecided', text);
});

test('what is decided stays decided when more comes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }),
      (head, more) => {
        const early = recognise(head);
        if (early !== 'undecided') assert.equal(recognise(Buffer.concat([head, more])), early);
      },
    ),
  );
});

test('endless bytes without a line end are decided in the end', () => {
  assert.equal(speechOf(`GET ${'x'.repeat(10_000)}`), 'lines');
});

test('each line is counted, up to a limit', () => {
  assert.equal(countLines(Buffer.from('a')), 1);
  assert.equal(countLines(Buffer.from('a\n')), 1);
  assert.equal(countLines(Buffer.from('a\nb\nc')), 3);
  assert.equal(countLines(Buffer.alloc(60_000, '\n')), 64);
});
