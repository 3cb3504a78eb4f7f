import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { resources } from '../../src/api/resources.ts';
import { createClient } from '../../src/client/http/client.ts';
import type { Client } from '../../src/client/port.ts';
import { runtimeEnvironment, runtimeFlags } from '../../src/cmd/runtime.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { kubeProblem, startKubeApiserver } from '../../test/support/kube-server.ts';
import type { Figure, Measurement, Peer, Progress } from '../lib/figure.ts';
import { kubeProxyProgram, startKubeProxy, type KubeProxy } from '../lib/kube-proxy.ts';
import { createServices, endpointAddress, sliceName } from '../lib/many-services.ts';
import type { ProxyRun } from './service-proxy-child.ts';

const runs = 5;
const changes = 400;
const peerChanges = 5;
const variants = [
  { services: 1000, firstTarget: 100 },
  { services: 5000, firstTarget: 400 },
  { services: 10_000, firstTarget: 800 },
] as const;

/**
 * The Service proxy of one node with 1,000, 5,000 and 10,000 Services of two endpoints: from the objects until the kernel has
 * all of them, in an empty namespace; then changes of one endpoint, and the processor time of each. Where KUBE_PROXY names
 * the program and KUBEBUILDER_ASSETS a kube-apiserver, kube-proxy has the same to do in the same run: its figures are its
 * own metric of how long it syncs.
 */
export const figure: Figure = {
  name: 'service-proxy',
  async *measure(progress) {
    for (const variant of variants) {
      const peer = await peerOf(variant.services, progress);
      const found: ProxyRun[] = [];
      for (let run = 0; run < runs; run++) found.push(await runOnce(variant.services));
      const [last] = found.slice(-1);
      progress(
        `service-proxy: ${variant.services} Services, ${last?.firstCpuMs.toFixed(0)} ms of processor time at first`,
      );
      yield* figuresOf(variant, found, peer);
    }
  },
};

function* figuresOf(
  { services, firstTarget }: (typeof variants)[number],
  found: readonly ProxyRun[],
  peer: KubeProxyRun | undefined,
): Generator<Measurement> {
  const peerAt = (value: number | undefined): Peer | null =>
    value === undefined
      ? null
      : { value, source: `kube-proxy, nftables, ${services} Services x 2, in this run` };
  const common = { unit: 'ms' } as const;
  yield {
    ...common,
    bench: `proxy-first-${services}`,
    samples: found.map(({ firstMs }) => firstMs),
    target: firstTarget,
    peer: peerAt(peer?.firstMs),
  };
  yield {
    ...common,
    bench: `proxy-first-cpu-${services}`,
    samples: found.map(({ firstCpuMs }) => firstCpuMs),
    target: firstTarget,
    peer: peerAt(peer?.firstCpuMs),
  };
  yield {
    ...common,
    bench: `proxy-change-${services}`,
    samples: found.flatMap(({ changeMs }) => changeMs),
    target: 2,
    peer: peerAt(peer?.changeMs),
  };
  yield {
    ...common,
    bench: `proxy-change-cpu-${services}`,
    samples: found.map(({ changeCpuMs }) => changeCpuMs),
    target: 2,
    peer: peerAt(peer?.changeCpuMs),
  };
}

const program = fileURLToPath(new URL('./service-proxy-child.ts', import.meta.url));
const runFile = promisify(execFile);

async function runOnce(services: number): Promise<ProxyRun> {
  const args = [...runtimeFlags('agents'), program, String(services), String(changes)];
  const { stdout } = await runFile(process.execPath, args, { env: runtimeEnvironment(process.env) });
  return JSON.parse(stdout) as ProxyRun;
}

interface KubeProxyRun {
  readonly firstMs: number;
  readonly firstCpuMs: number;
  readonly changeMs: number;
  readonly changeCpuMs: number;
}

async function peerOf(services: number, progress: Progress): Promise<KubeProxyRun | undefined> {
  const problem = kubeProxyProgram === '' ? 'KUBE_PROXY is not set' : kubeProblem();
  if (problem !== false) {
    progress(`service-proxy: no kube-proxy beside it: ${problem}`);
    return undefined;
  }
  const server = await startKubeApiserver();
  const client = createClient({ ...server.access, clock: systemClock, log: silentLog });
  try {
    await createServices(client, services);
    const proxy = await startKubeProxy(server);
    try {
      return await measurePeer({ proxy, client, services }, progress);
    } finally {
      await proxy.stop();
    }
  } finally {
    await client.close();
    await server.close();
  }
}

interface PeerBench {
  readonly proxy: KubeProxy;
  readonly client: Client;
  readonly services: number;
}

async function measurePeer(
  { proxy, client, services }: PeerBench,
  progress: Progress,
): Promise<KubeProxyRun> {
  const first = await whenSynced(proxy, 1);
  progress(
    `service-proxy: kube-proxy synced ${services} Services in ${first.syncMs.toFixed(0)} ms, ${first.rssMb.toFixed(0)} MB`,
  );
  // It may sync again for what came while it synced.
  await sleep(5_000);
  const start = await proxy.state();
  for (let change = 0; change < peerChanges; change++) {
    const before = await proxy.state();
    const index = (change * 397) % services;
    const endpoints = [endpointAddress(index, 0), `198.19.0.${change}`].map((address) => ({
      addresses: [address],
    }));
    await client.patch(resources.endpointslices, sliceName(index), { body: { endpoints } });
    await whenSynced(proxy, before.syncs + 1);
    // It rests between syncs.
    await sleep(1_500);
  }
  const end = await proxy.state();
  const syncs = end.syncs - start.syncs;
  return {
    firstMs: first.syncMs,
    firstCpuMs: first.cpuMs,
    changeMs: (end.syncMs - start.syncMs) / syncs,
    changeCpuMs: (end.cpuMs - start.cpuMs) / syncs,
  };
}

async function whenSynced(proxy: KubeProxy, syncs: number): ReturnType<KubeProxy['state']> {
  for (const deadline = performance.now() + 180_000; performance.now() < deadline;) {
    const state = await proxy.state();
    if (state.syncs >= syncs) return state;
    await sleep(20);
  }
  throw new Error('kube-proxy does not sync');
}
