/**
 * What agents do when the kernel itself refuses a transaction: it has a set that holds no more elements. In both
 * families, with packets all the while.
 *
 *     node-1   client        node-2   server (app: web)
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Service } from '../../src/api/types/core.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { printRuleset } from '../../src/kernel/nft/print-ruleset.ts';
import { families, inFamily, type Family } from '../../src/lib/address.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { servicesTables } from '../../src/plan/services/skeleton.ts';
import { eventually } from '../netns/flow.ts';
import { serviceOf } from '../netns/objects.ts';
import { startTraffic, type Traffic } from '../netns/traffic.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { kill, processesOf } from './weft.ts';

const node1 = nodeNetns('node-1');
const pods = [
  podOn('node-1', 'default/client'),
  podOn('node-2', 'default/server', { labels: { app: 'web' } }),
];

function web(name: string, ports = 1): Service {
  return serviceOf(name, {
    ipFamilyPolicy: 'RequireDualStack',
    selector: { app: 'web' },
    ports: Array.from({ length: ports }, (_, index) => ({
      name: `p${index}`,
      port: 80 + index,
      targetPort: 8080,
    })),
  });
}

/** So many that to find out who of them is refused takes a while. */
const crowd = Array.from({ length: 100 }, (_, index) => web(`one-of-many-${index}`));

describe('a kernel that refuses', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let client = '';

  before(async () => {
    lab = await startLab('refusal', { nodes: 2, config: networkConfigOf(undefined, families) });
    await lab.apply([...pods, web('good'), ...crowd]);
    client = await lab.netnsOf('default/client');
    for (const family of families) limit(lab, family);
  });
  after(() => lab?.down());

  const addressOf = async (name: string, family: Family): Promise<string> => {
    const found = await lab.connection.client.get(resources.services, { namespace: 'default', name });
    return inFamily(found?.spec.clusterIPs ?? [], family) ?? assert.fail();
  };
  const failing = async (): Promise<string> => {
    const told = await lab.connection.programming();
    return told.failing.map(({ node, why }) => `${node}: ${why}`).join('\n');
  };
  const served = async (name: string): Promise<boolean> => {
    const asked = families.map(async (family) => lab.probe(client, `${await addressOf(name, family)}:80`));
    return (await Promise.all(asked)).every(({ answer }) => answer?.pod === 'default/server');
  };
  const traffic = async (): Promise<Traffic[]> =>
    Promise.all(
      families.map(async (family) =>
        startTraffic(lab, client, { address: await addressOf('good', family), port: 80, clients: 8 }),
      ),
    );
  const stop = async (flows: readonly Traffic[]): Promise<void> => {
    for (const flow of flows) {
      await flow.stop();
      assert.deepEqual(flow.failures, []);
      assert.ok((flow.answers.get('default/server') ?? 0) > 0);
    }
  };

  test('fails the transaction as a whole, is told by the Service’s name, and everybody else is programmed', async () => {
    const flows = await traffic();
    await lab.connection.client.create(resources.services, web('many', 40));
    await eventually('the Service is named', async () => (await failing()).includes('default/many'));
    assert.match(await failing(), /^node-1: default\/many: nftables refused .*: ENFILE$/m);
    for (const family of families) {
      const address = await addressOf('many', family);
      const isThere = printRuleset(lab.namespaces, node1).includes(` ${address} . `);
      assert.ok(!isThere, 'no port of it is in the kernel');
    }
    await lab.connection.client.create(resources.services, web('late'));
    await eventually('another one is served', () => served('late'));
    assert.match(await failing(), /default\/many/, 'and it is still told');
    await stop(flows);
  });

  test('keeps nobody from mending what somebody else changes', async () => {
    const nft = createNftables({ namespaces: lab.namespaces });
    for (const { family, table } of Object.values(servicesTables))
      nft.run(node1, `flush map ${family} ${table} node-port-chains; flush map ${family} ${table} slot-0`);
    nft.close();
    await eventually('all is back', () => served('good'));
    assert.match(await failing(), /default\/many/);
  });

  test('loses no packet of others when agents start again and are refused the first that they send', async () => {
    const flows = await traffic();
    const agents = processesOf(lab.name).find(({ role }) => role === 'agents') ?? assert.fail();
    assert.ok(kill(agents));
    await eventually(
      'other agents are refused',
      async () => {
        const isOther = processesOf(lab.name).some(
          ({ role, record }) => role === 'agents' && record.pid !== agents.record.pid,
        );
        return isOther && (await failing().catch(() => '')).includes('default/many');
      },
      20_000,
    );
    assert.ok(await served('late'));
    await stop(flows);
  });

  test('is forgotten when what was refused is taken back', async () => {
    await lab.connection.client.delete(resources.services, { namespace: 'default', name: 'many' });
    await eventually('nothing fails', async () => (await failing()) === '');
    await lab.apply([...pods, web('good'), web('late'), ...crowd]);
    assert.ok((await served('good')) && (await served('late')));
  });
});

/**
 * Loads the table again in one transaction, as it is but with a map that has room for some more: somebody's saved
 * ruleset. Its rules are the same, so agents go on with it.
 */
function limit(lab: TestLab, family: Family): void {
  const { table, family: word } = servicesTables[family];
  const listed = printRuleset(lab.namespaces, node1);
  const start = listed.indexOf(`table ${word} ${table} {`);
  assert.ok(start >= 0, listed);
  const text = listed.slice(start, listed.indexOf('\n}\n', start) + 3);
  const limited = text.replace(/(map service-ids \{\n\t\ttype [^\n]*\n)/, '$1\t\tsize 130\n');
  assert.notEqual(limited, text);
  const nft = createNftables({ namespaces: lab.namespaces });
  nft.run(node1, `delete table ${word} ${table}\n${limited}`);
  nft.close();
}
