/**
 * Services and endpoints as nobody should write them: what is right beside them stays right.
 *
 *     node-1   client        node-2   server, other (app: web)
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Service, ServiceSpec } from '../../src/api/types/core.ts';
import type { EndpointSlice } from '../../src/api/types/network.ts';
import { machineNetns } from '../../src/model/fabric/default-fabric.ts';
import { labAddressesOf } from '../../src/model/network/lab-addresses.ts';
import { complaints, mismatchedElements } from '../differential/live/lab-state.ts';
import { eventually } from '../netns/flow.ts';
import { serviceOf } from '../netns/objects.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';

const shared = '198.51.100.1';

describe('Services that are wrong', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let client = '';
  let complain: () => string[];

  before(async () => {
    lab = await startLab('bad-services', { nodes: 2 });
    complain = complaints(lab);
    await lab.apply([
      podOn('node-1', 'default/client'),
      podOn('node-2', 'default/server', { labels: { app: 'web' } }),
      podOn('node-2', 'default/other', { labels: { app: 'web' } }),
      web('good', {}),
    ]);
    client = await lab.netnsOf('default/client');
  });
  after(async () => lab?.down());

  const create = async (service: Service, slice?: EndpointSlice): Promise<void> => {
    const { metadata } = await lab.connection.client.create(resources.services, service);
    const versions: Record<string, string> = { services: metadata.resourceVersion ?? '0' };
    if (slice !== undefined) {
      const written = await lab.connection.client.create(resources.endpointslices, slice);
      versions['endpointslices'] = written.metadata.resourceVersion ?? '0';
    }
    await lab.connection.programmed(versions);
  };
  const remove = (name: string): Promise<unknown> =>
    lab.connection.client.delete(resources.services, { namespace: 'default', name });
  const who = async (address: string, port = 80): Promise<string> => {
    const { outcome, answer } = await lab.probe(client, `${address}:${port}`);
    return answer?.pod ?? outcome;
  };
  const clusterIP = async (name: string): Promise<string> => {
    const found = await lab.connection.client.get(resources.services, { namespace: 'default', name });
    return found?.spec.clusterIP ?? '';
  };
  const stillGood = async (): Promise<void> => {
    assert.match(await who(await clusterIP('good')), /^default\/(server|other)$/);
    assert.equal(await mismatchedElements(lab), 0, 'elements differ from what the agents think');
    assert.deepEqual(complain(), []);
  };

  test('endpoints that are no pods are reached, and see the node', async () => {
    const { internet } = labAddressesOf.IPv4;
    await create(web('far', {}, {}), slice('far', [internet], 7000));
    const { answer } = await lab.probe(client, `${await clusterIP('far')}:80`);
    assert.equal(answer, undefined, 'nobody listens there');
    await create(web('near', { ports: [{ name: 'http', port: 80 }] }, {}), slice('near', [internet], 80));
    const near = await lab.probe(client, `${await clusterIP('near')}:80`);
    assert.deepEqual([near.answer?.pod, near.answer?.source], ['internet', '172.20.1.1']);
    await stillGood();
  });

  test('a thousand endpoints in one slice are drawn from, beside everything else', async () => {
    const nobody = Array.from({ length: 999 }, (_, index) => `198.18.${index >> 8}.${index & 255}`);
    const { internet } = labAddressesOf.IPv4;
    await create(web('crowd', {}, {}), slice('crowd', [...nobody, internet], 80));
    await stillGood();
    const at = { namespace: 'default', name: 'crowd-1' };
    const endpoints = [{ addresses: [internet] }];
    const body = { endpoints };
    const { metadata } = await lab.connection.client.patch(resources.endpointslices, at, { body });
    await lab.connection.programmed({ endpointslices: metadata.resourceVersion ?? '0' });
    assert.equal(await who(await clusterIP('crowd')), 'internet');
    await stillGood();
  });

  test('of two Services with one address and port the first by name has it, until it goes', async () => {
    const ranges = ['10.244.0.0/16', '10.244.0.0/24', '10.244.0.1/32'];
    const balanced = { type: 'LoadBalancer', loadBalancerClass: 'example.org/test' } as const;
    for (const [name, selector] of [
      ['claims-b', { name: 'other' }],
      ['claims-a', { name: 'server' }],
    ] as const) {
      await create(web(name, { ...balanced, loadBalancerSourceRanges: ranges }, selector));
      const status = { loadBalancer: { ingress: [{ ip: shared }] } };
      const at = { namespace: 'default', name };
      const options = { subresource: 'status', body: { status } } as const;
      const { metadata } = await lab.connection.client.patch(resources.services, at, options);
      await lab.connection.programmed({ services: metadata.resourceVersion ?? '0' });
    }
    await eventually('the first has it', async () => (await who(shared)) === 'default/server');
    await stillGood();
    await remove('claims-a');
    await eventually('the second has it', async () => (await who(shared)) === 'default/other');
    await stillGood();
    await remove('claims-b');
  });

  test('what no Service may say is refused, with the field, and nothing of it is done', async () => {
    const refused: readonly [Partial<ServiceSpec>, RegExp][] = [
      [{ ports: [{ port: 0 }] }, /spec\.ports\[0\]\.port/],
      [{ type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }, /nodePort/],
      [{ type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.9-10.0.0.1'] }, /LoadBalancerSourceRanges/],
      [{ externalIPs: ['127.0.0.1'] }, /externalIPs/],
      [{ clusterIP: '10.244.0.1' }, /clusterIP/],
    ];
    for (const [spec, message] of refused) {
      await assert.rejects(lab.connection.client.create(resources.services, web('wrong', spec)), message);
    }
    const taken: Partial<ServiceSpec> = {
      type: 'NodePort',
      ports: [{ port: 80, targetPort: 8080, nodePort: 30_777 }],
    };
    await create(web('first', taken));
    await assert.rejects(lab.connection.client.create(resources.services, web('second', taken)), /30777/);
    await eventually('the first has it', async () =>
      (await who('172.20.1.1', 30_777)).startsWith('default/'),
    );
    await remove('first');
    await stillGood();
  });

  test('a hundred Services go while a hundred others come: each that is there answers', async () => {
    const api = lab.connection.client;
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    await Promise.all(numbers.map((index) => api.create(resources.services, web(`old-${index}`, {}))));
    const written = await Promise.all(
      numbers.flatMap((index) => [
        remove(`old-${index}`),
        api.create(resources.services, web(`new-${index}`, {})),
      ]),
    );
    assert.equal(written.length, 200);
    for (const index of [0, 50, 99]) {
      const address = await clusterIP(`new-${index}`);
      await eventually('it answers', async () => (await who(address)).startsWith('default/'));
    }
    const outside = await lab.probe(machineNetns.internet, `${await clusterIP('new-1')}:80`);
    assert.equal(outside.outcome, 'unroutable');
    await stillGood();
    await Promise.all(numbers.map((index) => remove(`new-${index}`)));
  });
});

function web(
  name: string,
  spec: Partial<ServiceSpec>,
  selector: Record<string, string> = { app: 'web' },
): Service {
  const made = serviceOf(name, { ports: [{ name: 'http', port: 80, targetPort: 8080 }], selector, ...spec });
  if (Object.keys(selector).length > 0) return made;
  const { selector: none, ...rest } = made.spec;
  assert.deepEqual(none, {});
  return { ...made, spec: rest };
}

function slice(service: string, addresses: readonly string[], port: number): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service}-1`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: [{ name: 'http', port }],
  };
}
