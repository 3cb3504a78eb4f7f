import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressAfter, formatAddress, parseAddress } from '../../lib/address.ts';
import { parsePrefix } from '../../lib/prefix.ts';
import {
  isMachineOfCluster,
  labAddressesOf,
  labControlAddress,
  labNodeAddress,
  mostClusters,
  mostNodesOfCluster,
} from './lab-addresses.ts';

for (const family of ['IPv4', 'IPv6'] as const) {
  const { segment } = labAddressesOf[family];

  test(`the addresses of nodes and API servers are told from all others of the ${family} segment`, () => {
    const machines = new Set(
      Array.from({ length: mostClusters }, (_, cluster) => [
        labControlAddress(family, cluster),
        ...Array.from({ length: mostNodesOfCluster }, (_, index) => labNodeAddress(index, family, cluster)),
      ]).flat(),
    );
    const first = parsePrefix(segment)?.network;
    assert.ok(first);
    let found = 0;
    for (let offset = 0; offset < 8192; offset++) {
      const address = addressAfter(first, BigInt(offset));
      assert.ok(address);
      const text = formatAddress(address);
      assert.equal(isMachineOfCluster(text), machines.has(text), text);
      found += Number(machines.has(text));
    }
    assert.equal(found, machines.size, 'all of them were looked at');
  });
}

test("an address of another segment is nobody's machine, nor is what is no address", () => {
  const outside = ['172.21.1.1', '10.0.1.1', 'fd00:172:21::101', 'fd00:172:20:0:1::101', 'node-1', ''];
  assert.deepEqual(outside.filter(isMachineOfCluster), []);
  assert.notEqual(parseAddress('fd00:172:20:0:1::101'), undefined);
});
