import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPodAddresses, type PodAddresses } from './pod-addresses.ts';
import { twoNodes } from '../../test/support/agents/fake-machine.ts';

const [node] = twoNodes;

function addresses(holders: Readonly<Record<string, string>> = {}): PodAddresses {
  return createPodAddresses(node, (address) => holders[address]);
}

test('pods get the lowest free addresses, and one that was released comes back', () => {
  const pool = addresses();
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => pool.take(key)),
    ['10.244.0.1', '10.244.0.2', '10.244.0.3'],
  );
  pool.release('10.244.0.2');
  assert.equal(pool.take('d'), '10.244.0.2');
});

test('a pod keeps the address it had, and nobody else is given what the API says is taken', () => {
  const pool = addresses({ '10.244.0.1': 'old', '10.244.0.2': 'new' });
  assert.equal(pool.take('new'), '10.244.0.2', 'its own is not taken from itself');
  assert.equal(pool.take('third'), '10.244.0.3');
  assert.equal(pool.take('old', '10.244.0.1'), '10.244.0.1');
});

test('an address that cannot be the pod’s is not believed', () => {
  for (const claimed of ['10.244.1.7', '10.244.0.0', '172.20.1.1', 'nonsense', '::1']) {
    assert.equal(addresses().take('a', claimed), '10.244.0.1', claimed);
  }
  const pool = addresses();
  pool.take('first');
  assert.equal(pool.take('second', '10.244.0.1'), '10.244.0.2', 'somebody else has it');
});

test('a full block says so', () => {
  const pool = addresses();
  for (let index = 0; index < 254; index++) pool.take(`pod-${index}`);
  assert.throws(() => pool.take('one too many'), { code: 'addresses-exhausted' });
});
