import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServicePortModel } from '../../model/services/port.ts';
import { servicePort } from '../../model/services/fixtures.ts';
import { createEndpointIndex, stateOfAll } from './endpoint-index.ts';

const [pod, address] = ['default/web-0', '10.244.0.5'];

function portTo(endpoints: readonly string[]): ServicePortModel {
  return servicePort({
    endpoints: endpoints.map((each) => ({ address: each, port: 8080, nodeName: undefined, pod })),
  });
}

test('a pod is an endpoint as long as one Service says so', () => {
  const index = createEndpointIndex();
  assert.equal(index.stateOf(pod, address), 'never');
  index.set('default/web', [portTo([address]), portTo([address])]);
  index.set('default/other', [portTo([address])]);
  index.set('default/web', []);
  assert.equal(index.stateOf(pod, address), 'now');
  index.set('default/other', []);
  assert.equal(index.stateOf(pod, address), 'before');
});

test('a pod of the same name with another address is another one', () => {
  const index = createEndpointIndex();
  index.set('default/web', [portTo([address])]);
  index.set('default/web', [portTo(['10.244.0.6'])]);
  assert.equal(index.stateOf(pod, address), 'before');
  assert.equal(index.stateOf(pod, '10.244.0.6'), 'now');
});

test('what is forgotten was never an endpoint, but not while it is one', () => {
  const index = createEndpointIndex();
  index.set('default/web', [portTo([address])]);
  index.forget(pod, address);
  assert.equal(index.stateOf(pod, address), 'now');
  index.set('default/web', []);
  index.forget(pod, address);
  assert.equal(index.stateOf(pod, address), 'never');
});

test('a pod with several addresses is an endpoint as long as one of them is', () => {
  const index = createEndpointIndex();
  const both = [address, 'fd00:10:244::5'];
  assert.equal(stateOfAll(index, pod, both), 'never');
  index.set('default/web', [portTo(['fd00:10:244::5'])]);
  assert.equal(stateOfAll(index, pod, both), 'now');
  index.set('default/web', []);
  assert.equal(stateOfAll(index, pod, both), 'before');
});
