/**
 * SCTP through Services and policies, by the first packet of an association: kernels without SCTP sockets translate
 * and track it all the same. Pods a on node-1, b and c on node-2; b and c listen on SCTP 9000.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Service, ServiceSpec } from '../../src/api/types/core.ts';
import { prove } from '../../src/cli/live/prove.ts';
import { createConntrack } from '../../src/kernel/conntrack/conntrack.ts';
import { readCluster } from '../../src/lab/cluster-of.ts';
import { families, inFamily, type Family } from '../../src/lib/address.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { podAddresses } from '../../src/model/network/pod-addresses.ts';
import { nodeAddresses } from '../../src/model/network/topology.ts';
import { placesOf } from '../../src/model/network/places.ts';
import { nftWord } from '../../src/plan/families.ts';
import type { ProbeResult } from '../../src/workload/port.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { query } from './dns-client.ts';
import { enforce, policy } from './objects.ts';

function service(name: string, spec: Partial<ServiceSpec>): Service {
  const ports = [{ port: 80, targetPort: 9000, protocol: 'SCTP' as const }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ipFamilyPolicy: 'RequireDualStack', ports, ...spec },
  };
}

describe('SCTP', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  const netns: Record<string, string> = {};
  const pods: Record<string, readonly string[]> = {};
  const clusterIPs: Record<string, readonly string[]> = {};
  let node2: readonly string[] = [];

  before(async () => {
    lab = await startLab('sctp', { config: networkConfigOf(undefined, families) });
    const nodePort = { port: 80, targetPort: 9000, protocol: 'SCTP' as const, nodePort: 30_090 };
    await lab.apply([
      podOn('node-1', 'default/a', { labels: { app: 'client' } }),
      podOn('node-2', 'default/b', { sctp: [9000], labels: { app: 'server' } }),
      podOn('node-2', 'default/c', { sctp: [9000], labels: { app: 'server' } }),
      service('both', { selector: { app: 'server' } }),
      service('one', { type: 'NodePort', selector: { name: 'b' }, ports: [nodePort] }),
      service('empty', { selector: { app: 'nobody' } }),
    ]);
    for (const name of ['a', 'b', 'c']) {
      netns[name] = await lab.netnsOf(`default/${name}`);
      pods[name] = podAddresses(await lab.pod(`default/${name}`));
    }
    for (const { metadata, spec } of (await lab.connection.client.list(resources.services)).items) {
      clusterIPs[metadata.name] = spec.clusterIPs ?? [];
    }
    const { nodes } = await readCluster(lab.connection.client);
    const place = placesOf(nodes.values(), 'calico').get('node-2');
    node2 = place === undefined ? [] : nodeAddresses(place);
  });
  after(async () => lab?.down());

  const ask = (from: string, address: string | undefined, port: number): Promise<ProbeResult> =>
    lab.probe(from, `${address}:${port}`, { protocol: 'SCTP' });
  const of = (addresses: readonly string[] | undefined, family: Family): string =>
    inFamily(addresses ?? [], family) ?? assert.fail();

  for (const family of families) {
    test(`${family}: a pod is reached with its own address, and refuses other ports`, async () => {
      const from = netns['a'] ?? '';
      const { answer } = await ask(from, of(pods['b'], family), 9000);
      assert.deepEqual([answer?.pod, answer?.source], ['default/b', of(pods['a'], family)]);
      assert.equal((await ask(from, of(pods['b'], family), 9001)).outcome, 'refused');
      assert.equal((await ask(netns['b'] ?? '', of(pods['a'], family), 9000)).outcome, 'refused');
    });

    test(`${family}: a Service balances, rejects what nobody serves, and lets a pod reach itself`, async () => {
      const from = netns['a'] ?? '';
      const backends = new Set<string | undefined>();
      for (let tries = 0; tries < 60 && backends.size < 2; tries++) {
        const { answer } = await ask(from, of(clusterIPs['both'], family), 80);
        assert.equal(answer?.source, of(pods['a'], family));
        backends.add(answer.pod);
      }
      assert.deepEqual(backends, new Set(['default/b', 'default/c']));
      assert.equal((await ask(from, of(clusterIPs['empty'], family), 80)).outcome, 'rejected');
      assert.equal((await ask(from, of(clusterIPs['both'], family), 81)).outcome, 'rejected');
      const itself = await ask(netns['b'] ?? '', of(clusterIPs['one'], family), 80);
      assert.deepEqual([itself.answer?.pod, itself.answer?.source], ['default/b', of(node2, family)]);
    });

    test(`${family}: a node port takes it from outside, masqueraded, and connections are tracked`, async () => {
      const { answer } = await ask(machineNetns.internet, of(node2, family), 30_090);
      assert.deepEqual([answer?.pod, answer?.source], ['default/b', of(node2, family)]);
      const conntrack = createConntrack({ namespaces: lab.namespaces });
      try {
        const tracked = conntrack
          .list(nodeNetns('node-2'), nftWord[family])
          .filter(({ protocol, original }) => protocol === 'sctp' && original.destinationPort === 30_090);
        assert.deepEqual(
          tracked.map(({ reply }) => [reply.source, reply.sourcePort]),
          [[of(pods['b'], family), 9000]],
        );
      } finally {
        conntrack.close();
      }
    });

    test(`${family}: cluster DNS answers at its address of this family`, async () => {
      const server = of(clusterIPs['kube-dns'], family);
      const asker = { sockets: lab.sockets, netns: netns['a'] ?? '', server };
      const { answers } = await query(asker, 'both.default.svc.cluster.local', { type: 'A' });
      assert.equal(answers.length, 1);
    });
  }

  test('a policy denies SCTP where it allows TCP, and says so; every cell is as predicted', async () => {
    await enforce(
      lab,
      policy('default/tcp-only', {
        podSelector: { matchLabels: { name: 'c' } },
        ingress: [{ ports: [{ protocol: 'TCP', port: 8080 }] }],
      }),
    );
    for (const family of families) {
      const { outcome, denial } = await ask(netns['a'] ?? '', of(pods['c'], family), 9000);
      assert.equal(outcome, 'denied');
      assert.deepEqual([denial?.protocol, denial?.policies], ['SCTP', ['default/tcp-only']]);
    }
    const cluster = await readCluster(lab.connection.client);
    const { summary, cells, ignored } = await prove(lab.connection, cluster, { withSystem: false });
    assert.deepEqual({ wrong: summary.wrong, unknown: summary.unknown }, { wrong: 0, unknown: 0 });
    const sctp = cells.filter(({ cell }) => cell.protocol === 'SCTP');
    assert.ok(sctp.length >= 30, `${sctp.length} cells of SCTP`);
    assert.deepEqual(ignored, []);
  });

  test('no address of IPv6 anywhere waits to be found unique', () => {
    const seen: string[] = [];
    for (const name of lab.namespaces.list()) {
      const text = lab.namespaces.inside(lab.namespaces.open(name), () =>
        readFileSync('/proc/net/if_inet6', 'utf8'),
      );
      for (const line of text.trim().split('\n')) {
        // address, index, prefix length, scope, IFA_F_* flags, link (net/ipv6/addrconf.c, if6_seq_show)
        const [address = '', , , , flags = '', link = ''] = line.trim().split(/\s+/);
        if (link === '' || link === 'lo') continue;
        const detected = Number.parseInt(flags, 16) & (tentative | dadFailed | optimistic);
        assert.equal(detected, 0, `${name} ${link} ${address} has flags ${flags}`);
        // Of the two the greater one counts; the loopback link never detects (-1).
        for (const setting of ['all', link])
          assert.ok(acceptDad(lab, name, setting) <= 0, `${name} ${setting}`);
        seen.push(`${name} ${link}`);
      }
    }
    assert.ok(
      seen.some((place) => place.startsWith('pod-')) && seen.some((place) => place.startsWith('node-')),
    );
  });
});

const tentative = 0x40;
const dadFailed = 0x08;
const optimistic = 0x04;

function acceptDad({ namespaces }: TestLab, name: string, link: string): number {
  const path = `/proc/sys/net/ipv6/conf/${link}/accept_dad`;
  return Number(namespaces.inside(namespaces.open(name), () => readFileSync(path, 'utf8')));
}
