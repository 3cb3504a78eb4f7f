import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../../../src/api/resources.ts';
import { openLabs } from '../../../src/cmd/weft/labs.ts';
import { readProcessFile } from '../../../src/lab/process-file.ts';
import { nodeNetns } from '../../../src/model/fabric/default-fabric.ts';
import { eventually } from '../flow.ts';
import { stateOf, type ModelLab } from './world.ts';

/** What is a bridge's own: pods are as if on a segment of their subnet. */
export function azureBridgeTests(world: () => ModelLab): void {
  /** Destinations that node-1 reaches by the bridge. */
  const bridged = (): string[] =>
    stateOf(world(), nodeNetns('node-1'))
      .routes.filter(({ link }) => link === 'azure0')
      .map(({ destination }) => destination)
      .toSorted();
  const addressOf = (name: string): string => world().addresses.get(name) ?? '';

  test('pods hang on azure0, with the length and the router of their subnet', () => {
    const { links, addresses } = stateOf(world(), nodeNetns('node-1'));
    assert.equal([...links.values()].filter(({ master }) => master === 'azure0').length >= 2, true);
    assert.deepEqual(
      addresses.filter(({ link }) => link === 'azure0'),
      [],
    );
    const pod = stateOf(world(), world().netnsOf('a'));
    assert.deepEqual(pod.addresses, [{ link: 'eth0', address: `${addressOf('a')}/17` }]);
    assert.equal(pod.routes.find(({ destination }) => destination === '0.0.0.0/0')?.via, '172.20.0.1');
    assert.ok(bridged().includes(`${addressOf('a')}/32`));
  });

  test('pods stay reachable when the agents are killed, and one that goes meanwhile leaves no route', async () => {
    const { lab } = world();
    assert.ok(bridged().includes(`${addressOf('b')}/32`));
    const { agents } = readProcessFile(openLabs().control.paths(lab.name).processes);
    assert.ok(agents);
    process.kill(agents.pid, 'SIGKILL');
    await lab.connection.client.delete(
      resources.pods,
      { namespace: 'default', name: 'b' },
      { graceSeconds: 0 },
    );
    const { answer } = await lab.probe(nodeNetns('node-1'), `${addressOf('a')}:8080`);
    assert.equal(answer?.source, addressOf('node-1'));
    await eventually(
      'the route of the pod that went is gone',
      () => !bridged().includes(`${addressOf('b')}/32`),
      30_000,
    );
    assert.ok(bridged().includes(`${addressOf('a')}/32`));
  });
}
