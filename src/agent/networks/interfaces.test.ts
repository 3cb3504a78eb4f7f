import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/types/core.ts';
import type { SegmentAddress } from '../../api/types/layer2.ts';
import type { Change } from '../../client/port.ts';
import { networksAnnotation } from '../../model/attachments/selection.ts';
import { policyForAnnotation } from '../../model/policy/compile-multi.ts';
import { createInterfaces } from './interfaces.ts';

const pod = (uid: string, networks = 'cameras'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'viewer', namespace: 'shop', uid, annotations: { [networksAnnotation]: networks } },
  spec: { containers: [] },
});
const held = (uid: string, address: string): SegmentAddress => ({
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'SegmentAddress',
  metadata: { name: address },
  spec: {
    domain: 'Segment/cameras',
    address,
    holder: { kind: 'Pod', namespace: 'shop', name: 'viewer', uid, interface: 'net1' },
  },
});
const came = <T>(key: string, current: T): Change<T> => ({ key, current });

test('an interface has the addresses that its pod holds, whichever comes first', () => {
  for (const isPodFirst of [true, false]) {
    const interfaces = createInterfaces();
    const steps = [
      () => interfaces.setPod(came('shop/viewer', pod('u'))),
      () => interfaces.setAddress(came('a', held('u', '192.168.20.7'))),
    ];
    for (const step of isPodFirst ? steps : steps.toReversed()) step();
    assert.deepEqual(interfaces.get('shop/viewer net1')?.addresses, ['192.168.20.7']);
    assert.equal(interfaces.at('Segment/cameras', '192.168.20.7'), 'shop/viewer net1');
    assert.deepEqual([...interfaces.takeChanges()], ['shop/viewer net1']);
    assert.deepEqual([...interfaces.takeChanges()], []);
  }
});

test('a pod of the same name does not have what the one before it held', () => {
  const interfaces = createInterfaces();
  interfaces.setPod(came('shop/viewer', pod('u')));
  interfaces.setAddress(came('a', held('u', '192.168.20.7')));
  interfaces.setPod(came('shop/viewer', pod('v')));
  assert.deepEqual(interfaces.get('shop/viewer net1')?.addresses, []);
  assert.equal(interfaces.at('Segment/cameras', '192.168.20.7'), undefined);
});

test('interfaces that go, and those about which policies say something else, are told', () => {
  const interfaces = createInterfaces();
  interfaces.setPod(came('shop/viewer', pod('u', 'cameras, storage')));
  interfaces.takeChanges();
  interfaces.policies.setMultiPolicy('shop/p', {
    apiVersion: 'k8s.cni.cncf.io/v1beta1',
    kind: 'MultiNetworkPolicy',
    metadata: { name: 'p', namespace: 'shop', annotations: { [policyForAnnotation]: 'storage' } },
    spec: { podSelector: {} },
  });
  assert.deepEqual([...interfaces.takeChanges()], ['shop/viewer net2']);
  interfaces.setPod({ key: 'shop/viewer', previous: pod('u') });
  assert.deepEqual([...interfaces.takeChanges()].toSorted(), ['shop/viewer net1', 'shop/viewer net2']);
  assert.deepEqual(interfaces.of('shop/viewer'), []);
});
