/** A virtual network of one's own in the manifests that `weft up` is given. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { leftoversOf } from '../faults/weft.ts';
import { cannotSendPackets } from '../support/lab.ts';
import { weft, type Ended } from '../support/weft.ts';

const name = `test-own-network-${process.pid}`;

/** Nodes have 172.20.1.1 and on; the model's own network would give them pods' addresses of 172.20.127.0/24. */
const network = `
apiVersion: weft.dev/v1alpha1
kind: VirtualNetwork
metadata: { name: default }
spec: { addressSpace: [172.20.0.0/16], subnets: [{ name: nodes, prefix: 172.20.0.0/23 }] }
`;
const pods = ['a', 'b'].map(
  (pod, index) => `---
apiVersion: v1
kind: Pod
metadata: { name: ${pod} }
spec: { nodeName: node-${index + 1}, containers: [{ name: web, image: example/web, ports: [{ containerPort: 80 }] }] }
`,
);
const peered = `---
apiVersion: weft.dev/v1alpha1
kind: VirtualNetwork
metadata: { name: hub }
spec: { addressSpace: [172.20.8.0/24] }
---
apiVersion: weft.dev/v1alpha1
kind: VirtualNetworkPeering
metadata: { name: hub }
spec: { networks: [default, hub] }
`;

suite('a virtual network in the manifests', { skip: cannotSendPackets }, () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'weft-own-network-'));
  });
  after(async () => {
    await weft('down', '--name', name);
    rmSync(directory, { recursive: true });
  });
  const up = (...documents: string[]): Promise<Ended> => {
    const file = join(directory, 'all.yaml');
    writeFileSync(file, documents.join(''));
    return weft('up', '--name', name, '--nodes', '2', '--network', 'azure-cni', '-f', file, '--wait');
  };

  test('that overlaps one it is peered with is refused with file and line, and nothing is begun', async () => {
    const { code, err } = await up(network, ...pods, peered);
    assert.equal(code, 2);
    const why = 'must not overlap 172.20.0.0/16 of the peered network default';
    assert.match(
      err,
      new RegExp(`all\\.yaml:20: VirtualNetwork hub: spec\\.addressSpace\\[0\\]: .* ${why}$`, 'm'),
    );
    assert.deepEqual(leftoversOf(name), []);
  });

  test('is there from the first moment: pods have addresses of its subnet', async () => {
    const { code, err } = await up(network, ...pods);
    assert.equal(code, 0, err);
    const { out } = await weft('connect', 'default/a', 'default/b:80', '--name', name, '-o', 'json');
    const { verdict, sourceSeen } = JSON.parse(out) as { verdict: string; sourceSeen: string };
    assert.equal(verdict, 'allowed');
    assert.match(sourceSeen, /^172\.20\.1\./);
    const again = await up(network, ...pods);
    assert.match(again.err, /3 unchanged/);
  });
});
