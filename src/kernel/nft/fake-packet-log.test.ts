import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeNetworkNamespaces } from '../netns/fake.ts';
import { createFakePacketLog } from './fake-packet-log.ts';
import { packetLogCompliance } from './log.compliance.ts';

packetLogCompliance({
  label: 'a packet log in memory',
  skip: false,
  make() {
    const namespaces = createFakeNetworkNamespaces();
    for (const name of ['a', 'b']) namespaces.create(name);
    const log = createFakePacketLog({ namespaces });
    return {
      log,
      send(namespace, mark, text) {
        const payload = Buffer.concat([Buffer.alloc(28), Buffer.from(text)]);
        payload[0] = 0x45;
        log.log(7, { namespace, prefix: `rule of ${namespace}`, mark, payload });
      },
      cleanUp: async () => {},
    };
  },
});

test('overruns are counted', () => {
  const log = createFakePacketLog();
  log.overrun();
  assert.equal(log.overruns, 1);
});
