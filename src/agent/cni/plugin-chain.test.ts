import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CniCall } from '../../drivers/cni/port.ts';
import { createFakeCniResults } from '../../drivers/cni/fake.ts';
import { WeftError } from '../../lib/errors.ts';
import { findConfiguration } from '../../model/cni/configuration.ts';
import { podOf } from '../../../test/support/agents/objects.ts';
import { createPluginChain, type PluginChain } from './plugin-chain.ts';

const list = {
  cniVersion: '0.4.0',
  name: 'mine',
  plugins: [
    { type: 'bridge', ipam: { subnet: '{{.PodCIDR}}' } },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};
const files = { 'b.conflist': JSON.stringify(list), 'a.conf': 'no JSON', 'README.md': 'text' };
const pod = podOf('web', 'n1', {
  uid: 'u1',
  containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 8080 }] }],
});

/** A chain of plugins of which those in `failing` fail, as `PLUGIN COMMAND`. */
function chainWith(failing: string[] = [], text: Readonly<Record<string, string>> = files) {
  const calls: CniCall[] = [];
  const results = createFakeCniResults();
  const start = (): PluginChain =>
    createPluginChain({
      node: 'n1',
      nodeNetns: 'node-n1',
      results,
      plugins: {
        async run(call) {
          calls.push(call);
          const what = `${call.plugin} ${call.command}`;
          if (failing.includes(what)) throw new WeftError('cni-plugin-failed', what);
          const ips = [
            { address: '10.244.0.7/24', interface: 1 },
            { address: '10.244.0.1/24', interface: 0 },
          ];
          return JSON.stringify({ ips, interfaces: [{ name: 'cni0', sandbox: '' }, { sandbox: '/x' }] });
        },
      },
      configuration: () => findConfiguration(text, { podCidr: '10.244.0.0/24' }).configuration,
      fileOf: (netns) => `/ns/${netns}`,
      state: '/state',
    });
  const told = (): string[] => calls.splice(0).map(({ plugin, command }) => `${plugin} ${command}`);
  return { start, calls, told, results, failing };
}

test('plugins are called in order, each with what the one before it came to', async () => {
  const { start, calls } = chainWith();
  assert.deepEqual(
    await start().add(pod, 'pod-u1'),
    ['10.244.0.7'],
    'the bridge’s own address is not the pod’s',
  );
  const [bridge, portmap] = calls;
  assert.deepEqual([bridge?.podNetns, bridge?.nodeNetns], ['/ns/pod-u1', '/ns/node-n1']);
  assert.match(bridge?.args ?? '', /^IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;/);
  assert.deepEqual(JSON.parse(bridge?.input ?? ''), {
    type: 'bridge',
    ipam: { subnet: '10.244.0.0/24' },
    name: 'mine',
    cniVersion: '0.4.0',
  });
  const { prevResult, runtimeConfig } = JSON.parse(portmap?.input ?? '');
  assert.equal(prevResult.ips[0].address, '10.244.0.7/24');
  assert.deepEqual(runtimeConfig.portMappings, [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]);
});

test('what was done is undone in the reverse order, by the configuration that did it', async () => {
  const { start, told, results } = chainWith();
  const chain = start();
  await chain.add(pod, 'pod-u1');
  told();
  await chain.remove('u1', 'pod-u1');
  assert.deepEqual(told(), ['portmap DEL', 'bridge DEL']);
  assert.deepEqual(results.list('n1'), []);
  await chain.remove('u1', 'pod-u1');
  assert.deepEqual(told(), [], 'once');
});

test('a chain that fails half-way is undone before it is tried again', async () => {
  const { start, told, failing } = chainWith(['portmap ADD']);
  const chain = start();
  await assert.rejects(chain.add(pod, 'pod-u1'), { code: 'cni-plugin-failed' });
  assert.deepEqual(told(), ['bridge ADD', 'portmap ADD']);
  failing.length = 0;
  await chain.add(pod, 'pod-u1');
  assert.deepEqual(told(), ['portmap DEL', 'bridge DEL', 'bridge ADD', 'portmap ADD']);
});

test('the next process checks what it finds, and wires anew what is not well', async () => {
  const { start, told, failing } = chainWith();
  await start().add(pod, 'pod-u1');
  told();
  assert.deepEqual(start().addressesOf('u1'), ['10.244.0.7']);
  await start().add(pod, 'pod-u1');
  assert.deepEqual(told(), ['bridge CHECK', 'portmap CHECK']);
  failing.push('bridge CHECK');
  await start().add(pod, 'pod-u1');
  assert.deepEqual(told(), ['bridge CHECK', 'portmap DEL', 'bridge DEL', 'bridge ADD', 'portmap ADD']);
});

test('what pods left behind that have gone meanwhile is undone', async () => {
  const { start, told } = chainWith();
  await start().add(pod, 'pod-u1');
  told();
  await start().sweep(new Set(['u1']));
  assert.deepEqual(told(), []);
  await start().sweep(new Set());
  assert.deepEqual(told(), ['portmap DEL', 'bridge DEL']);
});

test('without a configuration a pod waits, in the words of kubelets', async () => {
  const { start } = chainWith([], { 'a.conf': 'no JSON' });
  await assert.rejects(start().add(pod, 'pod-u1'), {
    code: 'cni-not-configured',
    message: 'cni plugin not initialized',
  });
});

test('a type that is no plain name, such as a path, is no plugin', () => {
  for (const type of ['../sh', '/bin/sh', '', 7]) {
    const text = JSON.stringify({ name: 'x', cniVersion: '1.0.0', type });
    const { configuration, problems } = findConfiguration({ 'a.conf': text }, { podCidr: '' });
    assert.equal(configuration, undefined);
    assert.match(problems.join(), /a\.conf: a plugin needs a "type"/);
  }
});
