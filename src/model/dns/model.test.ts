import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/types/core.ts';
import { service, slice, zoneOptions } from './fixtures.ts';
import { createDnsModel, type DnsModel } from './model.ts';
import type { ZoneAnswer, ZoneQuestion, ZoneRecord } from './records.ts';

/** web: ClusterIP. db: headless with a hostname, a nameless endpoint and one that is not ready. */
function exampleZone(): DnsModel {
  const model = createDnsModel(zoneOptions);
  const web = {
    clusterIP: '10.96.7.1',
    clusterIPs: ['10.96.7.1', 'fd00::7'],
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' as const },
    ],
  };
  model.setService('shop/web', service('shop/web', web));
  model.setService('shop/db', service('shop/db', { clusterIP: 'None', ports: [{ name: 'pg', port: 5432 }] }));
  model.setEndpointSlice(
    'shop/db-x',
    slice('shop/db', {
      endpoints: [
        { addresses: ['10.244.1.5'], hostname: 'db-0', conditions: { ready: true } },
        { addresses: ['10.244.2.6'] },
        { addresses: ['10.244.2.7'], conditions: { ready: false } },
      ],
      ports: [{ name: 'pg', port: 5433, protocol: 'TCP' }],
    }),
  );
  return model;
}

const ask = (model: DnsModel, name: string, type: ZoneQuestion['type'] = 'A'): ZoneAnswer =>
  model.answer({ name, type });

/** `name value` of every record, the way a person compares them. */
function told(records: readonly ZoneRecord[]): string[] {
  return records.map((record) => {
    const { name, ttl: _, type, ...data } = record;
    return [name, type, ...Object.values(data)].join(' ');
  });
}

test('a ClusterIP Service has its addresses by family', () => {
  const model = exampleZone();
  assert.deepEqual(told(ask(model, 'web.shop.svc.cluster.local').answers), [
    'web.shop.svc.cluster.local A 10.96.7.1',
  ]);
  assert.deepEqual(told(ask(model, 'web.shop.svc.cluster.local', 'AAAA').answers), [
    'web.shop.svc.cluster.local AAAA fd00::7',
  ]);
  assert.equal(ask(model, 'web.shop.svc.cluster.local').answers[0]?.ttl, 5);
});

test('a named port has an SRV record by its protocol, with the addresses of its target besides', () => {
  const answer = ask(exampleZone(), '_dns._udp.web.shop.svc.cluster.local', 'SRV');
  assert.deepEqual(told(answer.answers), [
    '_dns._udp.web.shop.svc.cluster.local SRV 0 100 53 web.shop.svc.cluster.local',
  ]);
  assert.deepEqual(told(answer.additionals), [
    'web.shop.svc.cluster.local A 10.96.7.1',
    'web.shop.svc.cluster.local AAAA fd00::7',
  ]);
  assert.equal(ask(exampleZone(), '_dns._tcp.web.shop.svc.cluster.local', 'SRV').rcode, 'NXDOMAIN');
});

test('an unnamed port has no SRV record', () => {
  const model = createDnsModel(zoneOptions);
  model.setService('a/b', service('a/b', { clusterIP: '10.96.0.5', ports: [{ port: 80 }] }));
  assert.equal(ask(model, '_._tcp.b.a.svc.cluster.local', 'SRV').rcode, 'NXDOMAIN');
  assert.equal(ask(model, '_tcp.b.a.svc.cluster.local', 'SRV').rcode, 'NXDOMAIN');
});

test('cluster addresses and headless endpoints have reverse names', () => {
  const model = exampleZone();
  assert.deepEqual(told(ask(model, '1.7.96.10.in-addr.arpa', 'PTR').answers), [
    '1.7.96.10.in-addr.arpa PTR web.shop.svc.cluster.local',
  ]);
  const v6 = `7.0.0.0.${'0.0.0.0.'.repeat(6)}0.0.d.f.ip6.arpa`;
  assert.deepEqual(told(ask(model, v6, 'PTR').answers), [`${v6} PTR web.shop.svc.cluster.local`]);
  assert.deepEqual(told(ask(model, '5.1.244.10.IN-ADDR.arpa', 'PTR').answers), [
    '5.1.244.10.IN-ADDR.arpa PTR db-0.db.shop.svc.cluster.local',
  ]);
  assert.equal(ask(model, '5.1.244.10.in-addr.arpa', 'A').rcode, 'NOERROR');
  assert.equal(ask(model, '7.2.244.10.in-addr.arpa', 'PTR').rcode, 'NXDOMAIN');
});

test('a headless Service has the addresses of its ready endpoints, and each by hostname or dashed address', () => {
  const model = exampleZone();
  assert.deepEqual(told(ask(model, 'db.shop.svc.cluster.local').answers), [
    'db.shop.svc.cluster.local A 10.244.1.5',
    'db.shop.svc.cluster.local A 10.244.2.6',
  ]);
  assert.equal(ask(model, 'db-0.db.shop.svc.cluster.local').answers.length, 1);
  assert.equal(ask(model, '10-244-2-6.db.shop.svc.cluster.local').answers.length, 1);
  assert.equal(ask(model, '10-244-1-5.db.shop.svc.cluster.local').rcode, 'NXDOMAIN');
  assert.equal(ask(model, '10-244-2-7.db.shop.svc.cluster.local').rcode, 'NXDOMAIN');
});

test('a headless Service has an SRV record per ready endpoint and port, with the endpoint’s own port', () => {
  const answer = ask(exampleZone(), '_pg._tcp.db.shop.svc.cluster.local', 'SRV');
  assert.deepEqual(told(answer.answers), [
    '_pg._tcp.db.shop.svc.cluster.local SRV 0 100 5433 db-0.db.shop.svc.cluster.local',
    '_pg._tcp.db.shop.svc.cluster.local SRV 0 100 5433 10-244-2-6.db.shop.svc.cluster.local',
  ]);
  assert.equal(answer.additionals.length, 2);
});

test('publishNotReadyAddresses publishes endpoints that are not ready', () => {
  const model = exampleZone();
  model.setService('shop/db', service('shop/db', { clusterIP: 'None', publishNotReadyAddresses: true }));
  assert.equal(ask(model, 'db.shop.svc.cluster.local').answers.length, 3);
});

test('a headless Service without ready endpoints does not exist', () => {
  const model = exampleZone();
  model.setEndpointSlice('shop/db-x', undefined);
  assert.equal(ask(model, 'db.shop.svc.cluster.local').rcode, 'NXDOMAIN');
  assert.equal(ask(model, '5.1.244.10.in-addr.arpa', 'PTR').rcode, 'NXDOMAIN');
});

test('endpoints that share a hostname share its name', () => {
  const model = createDnsModel(zoneOptions);
  model.setService('a/b', service('a/b', { clusterIP: 'None' }));
  const endpoints = [
    { addresses: ['10.244.0.2'], hostname: 'Pet' },
    { addresses: ['10.244.0.3'], hostname: 'pet' },
  ];
  model.setEndpointSlice('a/b-1', slice('a/b', { endpoints }));
  model.setEndpointSlice(
    'a/b-2',
    slice('a/b', { endpoints: [{ addresses: ['fd00::3'], hostname: 'pet' }], family: 'IPv6' }),
  );
  assert.equal(ask(model, 'pet.b.a.svc.cluster.local').answers.length, 2);
  assert.equal(ask(model, 'pet.b.a.svc.cluster.local', 'AAAA').answers.length, 1);
});

test('names compare without case and answers keep the question’s spelling', () => {
  const answer = ask(exampleZone(), 'WEB.Shop.sVc.CLUSTER.local');
  assert.deepEqual(told(answer.answers), ['WEB.Shop.sVc.CLUSTER.local A 10.96.7.1']);
});

test('a name without records of the type is NODATA, one that is not there NXDOMAIN, both with the SOA', () => {
  const model = exampleZone();
  const soa = (answer: ZoneAnswer): (string | undefined)[] => [
    answer.authority[0]?.name,
    answer.authority[0]?.type,
  ];
  for (const name of [
    'web.shop.svc.cluster.local',
    'shop.svc.cluster.local',
    'svc.cluster.local',
    '_tcp.web.shop.svc.cluster.local',
  ]) {
    const answer = ask(model, name, 'TXT');
    assert.deepEqual([answer.rcode, answer.answers, answer.authoritative], ['NOERROR', [], true], name);
    assert.deepEqual(soa(answer), ['cluster.local', 'SOA']);
  }
  for (const name of [
    'no.shop.svc.cluster.local',
    'web.no.svc.cluster.local',
    'x.web.shop.svc.cluster.local',
    'web.cluster.local',
  ]) {
    const answer = ask(model, name);
    assert.deepEqual([answer.rcode, answer.authoritative], ['NXDOMAIN', true], name);
    assert.deepEqual(soa(answer), ['cluster.local', 'SOA']);
  }
});

test('names outside the zone do not exist, without authority and without anything to cache', () => {
  for (const name of ['example.com', '', 'local', 'notcluster.local', 'x.in-addr.arpa']) {
    const { rcode, authoritative, authority } = ask(exampleZone(), name);
    assert.deepEqual(
      { rcode, authoritative, authority },
      { rcode: 'NXDOMAIN', authoritative: false, authority: [] },
      name,
    );
  }
});

test('an ExternalName is an alias; one into the zone is followed', () => {
  const model = exampleZone();
  const externalName = (key: string, target: string): void =>
    model.setService(key, service(key, { type: 'ExternalName', externalName: target }));
  externalName('shop/out', 'www.example.com.');
  externalName('shop/in', 'Web.shop.svc.cluster.local');
  externalName('shop/twice', 'in.shop.svc.cluster.local');
  externalName('shop/dangling', 'gone.shop.svc.cluster.local');
  externalName('shop/loop', 'LOOP.shop.svc.cluster.local');
  externalName('shop/broken', 'not a name');
  const out = ask(model, 'out.shop.svc.cluster.local');
  assert.deepEqual(
    [out.rcode, told(out.answers)],
    ['NOERROR', ['out.shop.svc.cluster.local CNAME www.example.com']],
  );
  assert.deepEqual(told(ask(model, 'twice.shop.svc.cluster.local').answers), [
    'twice.shop.svc.cluster.local CNAME in.shop.svc.cluster.local',
    'in.shop.svc.cluster.local CNAME Web.shop.svc.cluster.local',
    'Web.shop.svc.cluster.local A 10.96.7.1',
  ]);
  assert.equal(ask(model, 'twice.shop.svc.cluster.local', 'CNAME').answers.length, 1);
  assert.equal(ask(model, 'in.shop.svc.cluster.local', 'TXT').authority.length, 1);
  const dangling = ask(model, 'dangling.shop.svc.cluster.local');
  assert.deepEqual([dangling.rcode, dangling.answers.length, dangling.authority.length], ['NXDOMAIN', 1, 1]);
  assert.deepEqual([ask(model, 'loop.shop.svc.cluster.local').answers.length], [1]);
  assert.equal(ask(model, 'broken.shop.svc.cluster.local').rcode, 'NXDOMAIN');
});

test('a long chain of aliases ends', () => {
  const model = createDnsModel(zoneOptions);
  for (let i = 0; i < 50; i++) {
    model.setService(
      `a/s${i}`,
      service(`a/s${i}`, { type: 'ExternalName', externalName: `s${i + 1}.a.svc.cluster.local` }),
    );
  }
  const answer = ask(model, 's0.a.svc.cluster.local');
  assert.deepEqual([answer.rcode, answer.answers.length], ['NOERROR', 8]);
});

test('the zone tells its schema version, its start of authority and its name server', () => {
  const model = exampleZone();
  assert.deepEqual(told(ask(model, 'dns-version.cluster.local', 'TXT').answers), [
    'dns-version.cluster.local TXT 1.1.0',
  ]);
  const before = ask(model, 'cluster.local', 'SOA').answers[0];
  model.setService('kube-system/kube-dns', service('kube-system/kube-dns', { clusterIP: '10.96.0.10' }));
  const after = ask(model, 'cluster.local', 'SOA').answers[0];
  assert.ok(before?.type === 'SOA' && after?.type === 'SOA' && after.serial > before.serial);
  const ns = ask(model, 'cluster.local', 'NS');
  assert.deepEqual(told(ns.answers), ['cluster.local NS ns.dns.cluster.local']);
  assert.deepEqual(told(ns.additionals), ['ns.dns.cluster.local A 10.96.0.10']);
});

test('ANY gets one record set', () => {
  assert.deepEqual(told(ask(exampleZone(), 'web.shop.svc.cluster.local', 'ANY').answers), [
    'web.shop.svc.cluster.local A 10.96.7.1',
  ]);
});

test('a running pod has a name by its address, in its namespace only', () => {
  const model = createDnsModel(zoneOptions);
  const pod = (phase: 'Running' | 'Succeeded'): Pod => {
    const status = { phase, podIP: '10.244.1.9', podIPs: [{ ip: '10.244.1.9' }, { ip: 'fd00::9' }] };
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'shop', name: 'p' },
      spec: { containers: [] },
      status,
    };
  };
  model.setPod('shop/p', pod('Running'));
  assert.equal(ask(model, '10-244-1-9.shop.pod.cluster.local').answers.length, 1);
  assert.equal(ask(model, 'fd00--9.shop.pod.cluster.local', 'AAAA').answers.length, 1);
  assert.equal(ask(model, '10-244-1-9.other.pod.cluster.local').rcode, 'NXDOMAIN');
  assert.equal(ask(model, '10-244-1-8.shop.pod.cluster.local').rcode, 'NXDOMAIN');
  model.setPod('shop/p', pod('Succeeded'));
  assert.equal(ask(model, '10-244-1-9.shop.pod.cluster.local').rcode, 'NXDOMAIN');
});

test('names that DNS cannot hold are left out, and nothing else with them', () => {
  const model = createDnsModel(zoneOptions);
  model.setService('a/x.b', service('a/x.b', { clusterIP: '10.96.0.3' }));
  const long = 'p'.repeat(63);
  model.setService('a/b', service('a/b', { clusterIP: '10.96.0.4', ports: [{ name: long, port: 1 }] }));
  assert.equal(ask(model, 'x.b.a.svc.cluster.local').rcode, 'NXDOMAIN');
  assert.equal(ask(model, `_${long}._tcp.b.a.svc.cluster.local`, 'SRV').rcode, 'NXDOMAIN');
  assert.equal(ask(model, 'b.a.svc.cluster.local').answers.length, 1);
  assert.throws(() => createDnsModel({ ...zoneOptions, zone: 'a..b' }), { code: 'dns-zone-invalid' });
  assert.throws(() => createDnsModel({ ...zoneOptions, zone: 'x'.repeat(51) }), { code: 'dns-zone-invalid' });
});

test('a slice that changes its Service moves its endpoints', () => {
  const model = exampleZone();
  model.setService('shop/db2', service('shop/db2', { clusterIP: 'None' }));
  model.setEndpointSlice('shop/db-x', slice('shop/db2', { endpoints: [{ addresses: ['10.244.1.5'] }] }));
  assert.equal(ask(model, 'db.shop.svc.cluster.local').rcode, 'NXDOMAIN');
  assert.equal(ask(model, 'db2.shop.svc.cluster.local').answers.length, 1);
});
