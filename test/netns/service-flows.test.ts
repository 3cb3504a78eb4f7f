/**
 * Connections through Services that are under way: what must not touch them, and what ends them. In both families.
 *
 *     node-1   client        node-2   server (Service `web`: TCP 80, UDP 53; more Services come and go)
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Service } from '../../src/api/types/core.ts';
import { removedEndpointsAnnotation } from '../../src/api/validate/removed-endpoints.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { printRuleset } from '../../src/kernel/nft/print-ruleset.ts';
import { families, inFamily, type Family } from '../../src/lib/address.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { servicesTables } from '../../src/plan/services/skeleton.ts';
import { killAgents, mismatchedElements } from '../differential/live/lab-state.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually, openFlow, type Flow } from './flow.ts';
import type { StandInAnswer } from '../../src/workload/port.ts';
import { label, serviceOf } from './objects.ts';

const node1 = nodeNetns('node-1');

describe('connections through Services', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let client = '';
  const clusterIPs: Record<string, readonly string[]> = {};

  before(async () => {
    lab = await startLab('service-flows', { nodes: 2, config: networkConfigOf(undefined, families) });
    await lab.apply([
      podOn('node-1', 'default/client', { labels: { app: 'client' }, udp: [5353] }),
      podOn('node-2', 'default/server', { labels: { app: 'web' }, udp: [5353] }),
      dualStack('web'),
      dualStack('client'),
    ]);
    client = await lab.netnsOf('default/client');
    for (const { metadata, spec } of (await lab.connection.client.list(resources.services)).items) {
      clusterIPs[metadata.name] = spec.clusterIPs ?? [];
    }
  });
  after(async () => lab?.down());

  const of = (service: string, family: Family): string =>
    inFamily(clusterIPs[service] ?? [], family) ?? assert.fail();
  const flowTo = (family: Family, protocol: 'tcp' | 'udp'): Flow =>
    openFlow(lab.sockets, client, {
      protocol,
      address: of('web', family),
      port: protocol === 'tcp' ? 80 : 53,
    });
  /** Who answers eight connections of each family: one pod, or several. */
  const whoServes = async (): Promise<string> => {
    const seen = new Set<string>();
    for (const family of Array.from({ length: 8 }, () => families).flat()) {
      seen.add((await lab.probe(client, `${of('web', family)}:80`)).answer?.pod ?? 'nobody');
    }
    return [...seen].join();
  };
  const ruleset = (): string => printRuleset(lab.namespaces, node1);

  /** Asks on open flows of both protocols and families until `work` is done: each question must be answered. */
  const during = async (work: () => Promise<unknown>): Promise<number> => {
    const flows = families.flatMap((family) => [flowTo(family, 'tcp'), flowTo(family, 'udp')]);
    const working = { isDone: false };
    const converse = async (flow: Flow): Promise<number> => {
      for (let asked = 1; ; asked++) {
        const isLast = working.isDone;
        flow.ask();
        const answer = await flow.answer();
        assert.equal(answer?.pod, 'default/server', `question ${asked}: ${flow.error ?? 'silence'}`);
        if (isLast) return asked;
      }
    };
    try {
      const conversing = Promise.all(flows.map(converse));
      await Promise.all([work().finally(() => (working.isDone = true)), conversing]);
      return (await conversing).reduce((sum, asked) => sum + asked, 0);
    } finally {
      for (const flow of flows) flow.close();
    }
  };

  for (const family of families) {
    test(`${family}: a pod that reaches itself is seen as its node, from a random port`, async () => {
      let kept = 0;
      for (let index = 0; index < 12; index++) {
        const sourcePort = 43_000 + index;
        const address = of('client', family);
        const flow = openFlow(lab.sockets, client, { protocol: 'tcp', address, port: 80, sourcePort });
        flow.ask();
        const answer = await flow.answer();
        flow.close();
        assert.equal(answer?.pod, 'default/client');
        if (answer.sourcePort === sourcePort) kept += 1;
      }
      assert.ok(kept < 3, `${kept} of 12 connections kept their source port`);
    });
  }

  for (const family of families) {
    test(`${family}: a datagram longer than a packet comes whole to its endpoint, and is answered`, async () => {
      const fd = lab.sockets.connect(client, { protocol: 'udp', address: of('web', family), port: 53 });
      assert.equal(lab.sockets.send(fd, Buffer.alloc(4_000, 'x')).kind, 'sent');
      let answer = '';
      await eventually('the server answers', () => {
        const received = lab.sockets.receive(fd);
        if (received.kind === 'data') answer = Buffer.from(received.data).toString();
        return answer !== '';
      });
      lab.sockets.close(fd);
      assert.equal((JSON.parse(answer) as StandInAnswer).pod, 'default/server');
    });
  }

  test('go on while Services come, change and go', async () => {
    const { client: api } = lab.connection;
    await during(async () => {
      for (let round = 0; round < 10; round++) {
        const name = `passing-${round}`;
        await api.create(resources.services, dualStack(name, { app: 'web' }));
        const at = { namespace: 'default', name: 'web' };
        const sessionAffinity = round % 2 === 0 ? 'ClientIP' : 'None';
        await api.patch(resources.services, at, { body: { spec: { sessionAffinity } } });
        const { metadata } = await api.patch(
          resources.services,
          { namespace: 'default', name },
          { body: { metadata: { labels: { seen: 'yes' } } } },
        );
        await lab.connection.programmed({ services: metadata.resourceVersion ?? '0' });
        await api.delete(resources.services, { namespace: 'default', name });
      }
    });
  });

  test('go on while the agents are killed and start again', async () => {
    await during(async () => {
      await killAgents(lab);
      await killAgents(lab);
    });
  });

  test('go on while agents lay their tables out anew, as after an upgrade', async () => {
    const nft = createNftables({ namespaces: lab.namespaces });
    await during(async () => {
      for (const { family, table } of Object.values(servicesTables)) {
        const [, layout = ''] =
          new RegExp(`table ${family} ${table} \\{[^]*?set (layout-\\w+)`).exec(ruleset()) ?? [];
        nft.run(
          node1,
          `delete set ${family} ${table} ${layout}\nadd set ${family} ${table} layout-0 { type mark; }`,
        );
        nft.run(node1, `add chain ${family} ${table} of-an-older-layout`);
      }
      await killAgents(lab);
      await mismatchedElements(lab);
      assert.doesNotMatch(ruleset(), /layout-0|of-an-older-layout/);
    });
    nft.close();
  });

  test('of TCP go on when their endpoint leaves the Service, unless it asks for an end', async () => {
    const at = { namespace: 'default', name: 'web' };
    const asked = async (wanted: 'keep' | 'reset'): Promise<Flow[]> => {
      const annotations = { [removedEndpointsAnnotation]: wanted };
      await lab.connection.client.patch(resources.services, at, { body: { metadata: { annotations } } });
      const flows = families.map((family) => flowTo(family, 'tcp'));
      for (const flow of flows) flow.ask();
      for (const flow of flows) assert.equal((await flow.answer())?.pod, 'default/server');
      await label(lab, 'default/client', { app: 'web' });
      await label(lab, 'default/server', { app: 'nobody' });
      for (const family of families) {
        const isElsewhere = async (): Promise<boolean> =>
          (await lab.probe(client, `${of('web', family)}:80`)).answer?.pod === 'default/client';
        await eventually('new connections go elsewhere', isElsewhere);
      }
      return flows;
    };
    const restore = async (flows: readonly Flow[]): Promise<void> => {
      for (const flow of flows) flow.close();
      await label(lab, 'default/server', { app: 'web' });
      await label(lab, 'default/client', { app: 'client' });
    };
    const kept = await asked('keep');
    for (const flow of kept) flow.ask();
    for (const flow of kept) assert.equal((await flow.answer())?.pod, 'default/server');
    await restore(kept);
    await eventually('only the server serves', async () => (await whoServes()) === 'default/server');
    const ended = await asked('reset');
    for (const flow of ended) {
      await eventually('the connection is reset', () => {
        flow.ask();
        return flow.error === 'ECONNRESET';
      });
    }
    await restore(ended);
    await eventually('only the server serves', async () => (await whoServes()) === 'default/server');
  });

  test('of UDP go to another endpoint when theirs leaves the Service', async () => {
    const flows = families.map((family) => flowTo(family, 'udp'));
    for (const flow of flows) flow.ask();
    for (const flow of flows) assert.equal((await flow.answer())?.pod, 'default/server');
    await label(lab, 'default/client', { app: 'web' });
    await label(lab, 'default/server', { app: 'nobody' });
    for (const flow of flows) {
      await eventually('the other one answers', async () => {
        flow.ask();
        return (await flow.answer(200))?.pod === 'default/client';
      });
      flow.close();
    }
    await label(lab, 'default/server', { app: 'web' });
    await label(lab, 'default/client', { app: 'client' });
    await eventually('only the server serves', async () => (await whoServes()) === 'default/server');
  });

  test('go on when their Service has nobody any more: only new ones are rejected', async () => {
    const flows = families.map((family) => flowTo(family, 'tcp'));
    for (const flow of flows) flow.ask();
    for (const flow of flows) assert.equal((await flow.answer())?.pod, 'default/server');
    await label(lab, 'default/server', { app: 'nobody' });
    for (const family of families) {
      const isRejected = async (): Promise<boolean> =>
        (await lab.probe(client, `${of('web', family)}:80`)).outcome === 'rejected';
      await eventually('new connections are rejected', isRejected);
    }
    for (const flow of flows) flow.ask();
    for (const flow of flows) assert.equal((await flow.answer())?.pod, 'default/server');
    await label(lab, 'default/server', { app: 'web' });
  });
});

function dualStack(name: string, selector: Record<string, string> = { app: name }): Service {
  return serviceOf(name, { ipFamilyPolicy: 'RequireDualStack', selector });
}
