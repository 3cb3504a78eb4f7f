/**
 * What a cluster's configuration says about all Services, with packets, in a dual-stack lab:
 * masqueradeAll, externalIPs ignored.
 *
 *     node-1   client        node-2   server (Service `web`: node port 30200, an external address)
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import { families, inFamily, type Family } from '../../src/lib/address.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { labPlaces } from '../../src/lab/options.ts';
import { placeIn } from '../../src/model/network/topology.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { serviceOf } from './objects.ts';

const external = ['198.51.100.1', '2001:db8:51::1'];

describe('the settings of Services', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let client = '';
  let places: ReturnType<typeof labPlaces>;
  let clusterIPs: readonly string[] = [];

  before(async () => {
    const spec = { masqueradeAll: true, externalIPs: 'Ignore' } as const;
    const network = {
      apiVersion: 'weft.dev/v1alpha1',
      kind: 'ClusterNetwork',
      metadata: { name: 'default' },
      spec,
    };
    const config = networkConfigOf(network, families);
    places = labPlaces({ nodes: 2, config });
    lab = await startLab('service-options', { nodes: 2, config });
    await lab.apply([
      podOn('node-1', 'default/client'),
      podOn('node-2', 'default/server', { labels: { app: 'web' } }),
      serviceOf('web', {
        type: 'NodePort',
        ipFamilyPolicy: 'RequireDualStack',
        externalIPs: external,
        ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 30_200 }],
      }),
    ]);
    client = await lab.netnsOf('default/client');
    const at = { namespace: 'default', name: 'web' };
    clusterIPs = (await lab.connection.client.get(resources.services, at))?.spec.clusterIPs ?? [];
  });
  after(async () => lab?.down());

  const of = (addresses: readonly string[], family: Family): string =>
    inFamily(addresses, family) ?? assert.fail();
  const who = async (netns: string, address: string, port: number): Promise<string> => {
    const { outcome, answer } = await lab.probe(netns, `${address}:${port}`);
    return answer === undefined ? outcome : `${answer.pod} sees ${answer.source}`;
  };

  for (const family of families) {
    test(`${family}: with masqueradeAll a pod that comes by a cluster address is seen as its node`, async () => {
      const seen = await who(client, of(clusterIPs, family), 80);
      assert.match(seen, /^default\/server sees /);
      const node1 = placeIn(places[0], family);
      assert.ok([node1?.address, node1?.tunnelAddress].includes(seen.split(' ').at(-1)), seen);
    });

    test(`${family}: an external address that is ignored is somebody else's`, async () => {
      assert.match(await who(client, of(external, family), 80), /^internet sees /);
    });
  }
});
