import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodSpec } from '../../api/types/core.ts';
import { candidates, resolvConfOf } from './pod-settings.ts';
import { formatResolvConf, parseResolvConf } from './resolv-conf.ts';

const node =
  '# the machine\nnameserver 192.0.2.53\nsearch old.example\nsearch lan.example. corp.example\noptions timeout:1 rotate\n';
const options = { clusterDns: '10.96.0.10', zone: 'cluster.local', nodeResolvConf: node };
const clusterSearches = ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];

function pod(spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name: 'p' },
    spec: { containers: [], ...spec },
  };
}

test('a pod asks the cluster DNS first and completes names in its namespace, the cluster, then the node’s domains', () => {
  assert.equal(
    resolvConfOf(pod(), options).text,
    'search shop.svc.cluster.local svc.cluster.local cluster.local lan.example corp.example\n' +
      'nameserver 10.96.0.10\noptions ndots:5\n',
  );
  const { text: _, ...settings } = resolvConfOf(pod({ dnsPolicy: 'ClusterFirst' }), {
    ...options,
    nodeResolvConf: '',
  });
  assert.deepEqual(settings, {
    nameservers: ['10.96.0.10'],
    searches: clusterSearches,
    options: ['ndots:5'],
  });
});

test('a hostNetwork pod has the node’s settings unless it asks for the cluster’s', () => {
  const hostNetwork = true;
  const onNode = resolvConfOf(pod({ hostNetwork }), options);
  assert.deepEqual(onNode.nameservers, ['192.0.2.53']);
  assert.deepEqual(onNode.searches, ['lan.example', 'corp.example']);
  assert.deepEqual(onNode.options, ['timeout:1', 'rotate']);
  const inCluster = resolvConfOf(pod({ hostNetwork, dnsPolicy: 'ClusterFirstWithHostNet' }), options);
  assert.deepEqual(inCluster.nameservers, ['10.96.0.10']);
});

test('Default means the node’s settings; a node without any has only itself', () => {
  assert.deepEqual(resolvConfOf(pod({ dnsPolicy: 'Default' }), options).nameservers, ['192.0.2.53']);
  assert.equal(
    resolvConfOf(pod({ dnsPolicy: 'Default' }), { ...options, nodeResolvConf: '' }).text,
    'search .\nnameserver 127.0.0.1\n',
  );
});

test('None has only what dnsConfig says', () => {
  assert.equal(resolvConfOf(pod({ dnsPolicy: 'None' }), options).text, '');
  const dnsConfig = {
    nameservers: ['192.0.2.1'],
    searches: ['x.example'],
    options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
  };
  assert.equal(
    resolvConfOf(pod({ dnsPolicy: 'None', dnsConfig }), options).text,
    'search x.example\nnameserver 192.0.2.1\noptions ndots:2 edns0\n',
  );
});

test('dnsConfig adds to the policy’s settings, once each, and replaces options by name', () => {
  const dnsConfig = {
    nameservers: ['10.96.0.10', '192.0.2.1'],
    searches: ['cluster.local', 'x.example'],
    options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }],
  };
  const settings = resolvConfOf(pod({ dnsConfig }), { ...options, nodeResolvConf: '' });
  assert.deepEqual(settings.nameservers, ['10.96.0.10', '192.0.2.1']);
  assert.deepEqual(settings.searches, [...clusterSearches, 'x.example']);
  assert.deepEqual(settings.options, ['ndots:2', 'rotate']);
});

test('at most 3 nameservers and 32 search domains of 2048 letters in all are kept', () => {
  const nameservers = ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'];
  const many = { nameservers, searches: Array.from({ length: 40 }, (_, i) => `d${i}`) };
  const settings = resolvConfOf(pod({ dnsPolicy: 'None', dnsConfig: many }), options);
  assert.deepEqual(settings.nameservers, nameservers.slice(0, 3));
  assert.deepEqual([settings.searches.length, settings.searches.at(-1)], [32, 'd31']);

  const long = { searches: Array.from({ length: 20 }, (_, i) => `${i}`.padStart(200, 'x')) };
  assert.equal(resolvConfOf(pod({ dnsPolicy: 'None', dnsConfig: long }), options).searches.length, 10);
  const tooLong = { searches: ['y'.repeat(254), 'z'] };
  assert.deepEqual(resolvConfOf(pod({ dnsPolicy: 'None', dnsConfig: tooLong }), options).searches, ['z']);
});

test('a short name is completed before it is tried as it is, one with enough dots after', () => {
  const settings = {
    nameservers: [],
    searches: ['ns.svc.cluster.local', 'cluster.local'],
    options: ['ndots:2'],
  };
  assert.deepEqual(candidates('web', settings), ['web.ns.svc.cluster.local', 'web.cluster.local', 'web']);
  assert.deepEqual(candidates('a.b', settings), ['a.b.ns.svc.cluster.local', 'a.b.cluster.local', 'a.b']);
  assert.deepEqual(candidates('a.b.c', settings), [
    'a.b.c',
    'a.b.c.ns.svc.cluster.local',
    'a.b.c.cluster.local',
  ]);
  assert.deepEqual(candidates('a.b.', settings), ['a.b']);
});

test('without ndots one dot is enough; the root as search domain is the name itself', () => {
  const settings = { nameservers: [], searches: ['.', 'x'], options: ['ndots:x'] };
  assert.deepEqual(candidates('a.b', settings), ['a.b', 'a.b.x']);
  assert.deepEqual(candidates('a', settings), ['a', 'a.x']);
  assert.deepEqual(candidates('a'.repeat(252), settings), ['a'.repeat(252)]);
});

test('settings survive being written and read', () => {
  const settings = {
    nameservers: ['10.0.0.1', 'fd00::1'],
    searches: ['a.b', 'c'],
    options: ['ndots:5', 'rotate'],
  };
  assert.deepEqual(parseResolvConf(formatResolvConf(settings)), settings);
  assert.deepEqual(parseResolvConf('nameserver\n; x\nsearch\noptions\n'), {
    nameservers: [],
    searches: [],
    options: [],
  });
});
