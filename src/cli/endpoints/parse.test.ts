import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEndpoint, parseDestination, parseSource } from './parse.ts';

const sources: readonly [text: string, written: string][] = [
  ['default/web-0', 'default/web-0'],
  ['shop/deployment/web', 'shop/Deployment/web'],
  ['shop/Deploy/web', 'shop/Deployment/web'],
  ['shop/statefulsets/db', 'shop/StatefulSet/db'],
  ['shop/ds/agent', 'shop/DaemonSet/agent'],
  ['shop/cj/nightly', 'shop/CronJob/nightly'],
  ['shop/pod/web-0', 'shop/web-0'],
  ['pod:shop/web-0', 'shop/web-0'],
  ['shop/svc/web', 'svc:shop/web'],
  ['svc:shop/web.v1', 'svc:shop/web.v1'],
  ['node:node-1', 'node:node-1'],
  ['vm:db', 'vm:db'],
  ['site:berlin', 'site:berlin'],
  ['internet', 'internet'],
  ['10.1.2.3', '10.1.2.3'],
  ['FD00:0::1', 'fd00::1'],
  ['[fd00::1]', 'fd00::1'],
];

for (const [text, written] of sources) {
  test(`${text} is ${written}`, () => assert.equal(formatEndpoint(parseSource(text)), written));
}

const destinations: readonly [
  text: string,
  endpoint: string,
  port: string | number | undefined,
  protocol?: string,
][] = [
  ['default/web-0:80', 'default/web-0', 80],
  ['default/web-0', 'default/web-0', undefined],
  ['default/web-0:http', 'default/web-0', 'http'],
  ['shop/deploy/web:80/udp', 'shop/Deployment/web', 80, 'UDP'],
  ['svc:shop/web:80/SCTP', 'svc:shop/web', 80, 'SCTP'],
  ['svc:shop/web:80/tcp', 'svc:shop/web', 80, 'TCP'],
  ['pod:shop/web-0:80', 'shop/web-0', 80],
  ['node:node-1:30080', 'node:node-1', 30080],
  ['vm:db:80', 'vm:db', 80],
  ['site:berlin:80/udp', 'site:berlin', 80, 'UDP'],
  ['internet:443', 'internet', 443],
  ['dns:Shop.Example.com.:443', 'dns:shop.example.com', 443],
  ['192.0.2.1:53/udp', '192.0.2.1', 53, 'UDP'],
  ['[fd00::1]:80', 'fd00::1', 80],
  ['fd00::1:80', 'fd00::1:80', undefined],
];

for (const [text, endpoint, port, protocol] of destinations) {
  test(`${text} asks ${endpoint} for ${port ?? 'no port'}`, () => {
    const parsed = parseDestination(text);
    assert.deepEqual(
      [formatEndpoint(parsed.endpoint), parsed.port, parsed.protocol],
      [endpoint, port, protocol],
    );
  });
}

const mistakes: readonly [text: string, code: string][] = [
  ['', 'endpoint-invalid'],
  ['web', 'endpoint-invalid'],
  ['a/b/c/d', 'endpoint-invalid'],
  ['shop/gadget/web', 'endpoint-invalid'],
  ['svc:web', 'endpoint-invalid'],
  ['pod:web:80', 'endpoint-invalid'],
  ['svc:a/b/c', 'endpoint-invalid'],
  ['node:', 'endpoint-invalid'],
  ['a/b:0', 'endpoint-invalid'],
  ['a/b:65536', 'endpoint-invalid'],
  ['a/b:80/icmp', 'endpoint-invalid'],
  ['a/b:$(id)', 'endpoint-invalid'],
  ['a b/c:80', 'endpoint-invalid'],
  ['300.1.1.1:80', 'endpoint-invalid'],
  ['vm:db/x:80', 'endpoint-invalid'],
  ['dns:shop:443', 'endpoint-invalid'],
  ['dns:*.example.com:443', 'endpoint-invalid'],
];

for (const [text, code] of mistakes) {
  test(`${JSON.stringify(text)} is no destination: ${code}`, () => {
    assert.throws(() => parseDestination(text), { name: 'WeftError', code, fault: 'input' });
  });
}

test('a source with a port is told to leave it out', () => {
  assert.throws(() => parseSource('default/web-0:80'), {
    code: 'endpoint-invalid',
    message: 'default/web-0:80: a source has no port; leave it out: default/web-0',
  });
});
