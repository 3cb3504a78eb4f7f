/**
 * Every cell of the models' tables, with packets: who is seen by whom (`cells.ts`), and that it is what `explain`
 * predicts. A row is a promise of all models, so that Services, node ports and session affinity work in each.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { predict } from '../../../src/analysis/predict/predict.ts';
import { readCluster } from '../../../src/lab/cluster-of.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import { modelTraits } from '../../../src/model/network/models.ts';
import { cannotSendPackets } from '../../support/lab.ts';
import { enforce, policy } from '../objects.ts';
import { cells, columns, networkCells, type Column, type NetworkColumn, type Packet } from './cells.ts';
import { azureBridgeTests } from './azure-bridge.ts';
import { flannelTests } from './flannel.ts';
import { startModelLab, type ModelLab } from './world.ts';

for (const column of Object.keys(columns) as Column[]) {
  const spec = columns[column];
  const { enforcesPolicies, world: surroundings } = modelTraits[spec.model];
  describe(`the network model ${column}`, { skip: cannotSendPackets }, () => {
    let world: ModelLab;
    let cluster: Cluster;
    before(async () => {
      world = await startModelLab(column, spec);
      cluster = await readCluster(world.lab.connection.client);
    });
    after(async () => world?.lab.down());

    /** Who is seen, by name; `nobody` when nobody answers. */
    const measured = async ({ from, to, protocol = 'TCP' }: Packet): Promise<string> => {
      const [name = '', port = ''] = to.split(':');
      const { outcome, answer } = await world.lab.probe(
        world.netnsOf(from),
        `${world.addresses.get(name)}:${port}`,
        { protocol },
      );
      return outcome === 'answered' ? nameOf(answer?.source) : 'nobody';
    };

    const predicted = (packet: Packet): string => {
      const { verdict, outcomes } = predict(cluster, world.flowOf(packet));
      return verdict === 'allowed' ? nameOf(outcomes[0]?.sourceSeen) : 'nobody';
    };

    const nameOf = (address: string | undefined): string =>
      [...world.addresses].find(([, known]) => known === address)?.[0] ?? String(address);

    const testCell = (cell: Packet & { readonly title: string }, seen: string): void => {
      test(`${cell.title}: seen is ${seen}`, async () => {
        assert.deepEqual(
          { measured: await measured(cell), predicted: predicted(cell) },
          { measured: seen, predicted: seen },
        );
      });
    };
    for (const cell of cells) testCell(cell, typeof cell.seen === 'string' ? cell.seen : cell.seen[column]);
    for (const cell of surroundings === 'segment' ? [] : networkCells) {
      testCell(cell, typeof cell.seen === 'string' ? cell.seen : cell.seen[column as NetworkColumn]);
    }

    test('a client stays with the endpoint that a Service with affinity gave it', async () => {
      const answers = new Set<string | undefined>();
      for (let asked = 0; asked < 8; asked++) {
        const target = `${world.addresses.get('svc-sticky')}:80`;
        const { answer } = await world.lab.probe(world.netnsOf('a'), target);
        answers.add(answer?.pod);
      }
      assert.equal(answers.size, 1, [...answers].join());
      assert.match([...answers].join(), /^default\/[bc]$/);
    });

    if (column === 'flannel') flannelTests(() => world);

    const effect = enforcesPolicies ? 'isolates a pod' : 'has no effect';
    test(`a NetworkPolicy ${effect}, as predicted`, async () => {
      await enforce(world.lab, policy('default/closed', { podSelector: {}, policyTypes: ['Ingress'] }));
      cluster = await readCluster(world.lab.connection.client);
      const cell = { from: 'a', to: 'c:8080', seen: enforcesPolicies ? 'nobody' : 'a' };
      assert.deepEqual([await measured(cell), predicted(cell)], [cell.seen, cell.seen]);
    });

    if (column === 'azure-cni on a bridge') azureBridgeTests(() => world);
  });
}
