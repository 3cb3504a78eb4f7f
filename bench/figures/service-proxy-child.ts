import { createServiceProxy } from '../../src/agent/services/service-proxy.ts';
import type { Service } from '../../src/api/types/core.ts';
import type { EndpointSlice } from '../../src/api/types/network.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { masqueradeOf } from '../../src/model/network/masquerade.ts';
import { createServiceModel } from '../../src/model/services/service-model.ts';
import { createServicePlanner } from '../../src/plan/services/elements.ts';
import { servicesTables, slotTypes } from '../../src/plan/services/skeleton.ts';
import { createBenchNamespace } from '../lib/namespace.ts';
import { endpointAddress, serviceObject, sliceName, sliceObject } from '../lib/many-services.ts';

/**
 * The Service proxy of one node alone, in a process of its own: `node service-proxy-child.ts SERVICES CHANGES`. It is handed
 * Services and slices as an API client hands them on, in a namespace without tables. Prints one line of JSON, a
 * `ProxyRun`.
 */
export interface ProxyRun {
  /** From the first object until the kernel has everything, in milliseconds. */
  readonly firstMs: number;
  readonly firstCpuMs: number;
  /** Of each change of one endpoint. */
  readonly changeMs: readonly number[];
  /** Processor time of a change: of all of them together, divided, for the kernel counts in ticks. */
  readonly changeCpuMs: number;
}

const [services = 0, changes = 0] = process.argv.slice(2).map(Number);
const { namespaces, name: netns, remove } = createBenchNamespace();
try {
  process.stdout.write(`${JSON.stringify(run())}\n`);
} finally {
  remove();
}

function run(): ProxyRun {
  const objects = Array.from({ length: services }, (_, index) => ({
    service: {
      ...serviceObject(index),
      spec: { ...serviceObject(index).spec, ...clusterIP(index) },
    },
    slice: sliceObject(index),
  }));
  const nft = createNftables({ namespaces });
  const cpu = process.cpuUsage();
  const start = performance.now();
  const model = createServiceModel();
  for (const [index, { service, slice }] of objects.entries()) {
    model.setService(keyOf(index), service);
    model.setEndpointSlice(sliceKey(index), slice);
  }
  const proxy = createServiceProxy({
    nft,
    netns,
    node: {
      nodeAddress: '172.20.1.1',
      linkAddresses: [{ link: 'vxlan.calico', address: '10.244.0.0' }],
      masquerade: masqueradeOf(
        { config: { model: 'calico', podCidrs: ['10.244.0.0/16'] }, networkSpace: [] },
        'IPv4',
      ),
      serviceCidr: '10.96.0.0/12',
      masqueradeAll: false,
      tunnels: [],
    },
    chooser: () => ({ name: 'node-1', zone: undefined, addresses: ['172.20.1.1'] }),
    planner: createServicePlanner(),
    nodePortAddresses: () => ['172.20.1.1'],
  });
  proxy.start();
  proxy.setAll(new Map([...model.takeChanges()].map((key) => [key, model.portsOf(key)])));
  proxy.commit();
  const firstMs = performance.now() - start;
  const firstCpuMs = milliseconds(process.cpuUsage(cpu));
  requireHeld(() => nft.elements(netns, { ...servicesTables.IPv4, set: 'slot-1' }, slotTypes.IPv4).length);

  const changeMs: number[] = [];
  const changesCpu = process.cpuUsage();
  for (let change = 0; change < changes; change++) {
    const index = (change * 397) % services;
    const began = performance.now();
    model.setEndpointSlice(sliceKey(index), changed(objects[index]?.slice, index, change));
    for (const key of model.takeChanges()) proxy.set(key, model.portsOf(key));
    if (proxy.commit() === 0) throw new Error(`change ${change} changed nothing`);
    changeMs.push(performance.now() - began);
  }
  const changeCpuMs = milliseconds(process.cpuUsage(changesCpu)) / Math.max(1, changes);
  nft.close();
  return { firstMs, firstCpuMs, changeMs, changeCpuMs };
}

/** While the kernel moves a large set to a larger table, a listing has elements twice, or not at all: it takes a moment. */
function requireHeld(count: () => number): void {
  const patience = new Int32Array(new SharedArrayBuffer(4));
  let held = count();
  for (let tries = 0; held !== services && tries < 20; tries++) {
    Atomics.wait(patience, 0, 0, 50);
    held = count();
  }
  if (held !== services) throw new Error(`the kernel holds ${held} of ${services} Services`);
}

function keyOf(index: number): string {
  return `default/service-${index}`;
}

function sliceKey(index: number): string {
  return `default/${sliceName(index).name}`;
}

function clusterIP(index: number): Service['spec'] {
  const address = `10.96.${(index >> 8) + 1}.${index & 255}`;
  return { clusterIP: address, clusterIPs: [address] };
}

function changed(slice: EndpointSlice | undefined, index: number, change: number): EndpointSlice {
  if (slice === undefined) throw new Error(`there is no slice ${index}`);
  const address = `198.19.${change >> 8}.${change & 255}`;
  return {
    ...slice,
    endpoints: [endpointAddress(index, 0), address].map((one) => ({
      addresses: [one],
      conditions: { ready: true },
    })),
  };
}

function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}
