import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resources } from '../../src/api/resources.ts';
import type { Figure, Measurement, Progress } from '../lib/figure.ts';
import { createServices } from '../lib/many-services.ts';
import { get, startApiProcess, type ApiProcess } from './api-process.ts';

const runs = 3;
const pairs = 4000;
const services = 5000;
const gets = 1000;
const lists = 21;
const starts = 11;

/** The API server alone, its store in full synchronous mode: writing, reading, memory and starting. */
export const figure: Figure = {
  name: 'api-load',
  async *measure(progress) {
    yield await measureCreation(progress);
    const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
    try {
      yield await measureStart(join(directory, 'empty'), 'api-ready');
      const full = join(directory, 'full');
      yield* measureReading(full, progress);
      yield await measureStart(full, 'api-ready-5000-services');
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};

async function measureCreation(progress: Progress): Promise<Measurement> {
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
    const api = await startApiProcess(directory);
    try {
      const start = performance.now();
      await createServices(api.client, pairs);
      samples.push(performance.now() - start);
      await requireCount(api, pairs);
      progress(`api-create: ${samples.at(-1)?.toFixed(0)} ms, ${api.memory().toFixed(0)} MB`);
    } finally {
      await api.close();
      rmSync(directory, { recursive: true });
    }
  }
  return {
    bench: 'api-create',
    unit: 'ms',
    samples,
    target: 4000,
    peer: {
      value: 32_000,
      source: 'kube-apiserver 1.36 and etcd, 2 cores: 4,000 Services and EndpointSlices',
    },
  };
}

async function requireCount({ client }: ApiProcess, count: number): Promise<void> {
  const { items } = await client.list(resources.services);
  if (items.length !== count) throw new Error(`${items.length} of ${count} Services are there`);
}

async function* measureReading(directory: string, progress: Progress): AsyncIterable<Measurement> {
  const api = await startApiProcess(directory);
  try {
    await createServices(api.client, services);
    progress(`api-memory: ${api.memory().toFixed(0)} MB after creating`);
    yield {
      bench: 'api-memory',
      unit: 'MB',
      samples: [api.memory()],
      target: 200,
      peer: { value: 519, source: 'kube-apiserver 1.36 (431) and etcd (88) at 5,000 Services' },
    };
    const session = api.session();
    const path = '/api/v1/namespaces/default/services';
    yield await timed('api-get', { count: gets, target: 1 }, (i) =>
      get(session, api.token, `${path}/service-${(i * 397) % services}`),
    );
    yield await timed('api-list', { count: lists, target: 150 }, () => get(session, api.token, path));
    progress(`api-memory: ${api.memory().toFixed(0)} MB after reading`);
  } finally {
    await api.close();
  }
}

/** From the start of the process until it answers; the first start, which may have to compile, is not counted. */
async function measureStart(directory: string, bench: string): Promise<Measurement> {
  return timed(bench, { count: starts, target: 500, peer: 4000 }, async () => {
    const api = await startApiProcess(directory);
    await get(api.session(), api.token, '/readyz');
    return () => api.close();
  });
}

/** Runs once unmeasured and then `count` times; what `run` gives back to be done after it is not measured. */
async function timed(
  bench: string,
  { count, target, peer }: { count: number; target: number; peer?: number },
  run: (index: number) => Promise<unknown>,
): Promise<Measurement> {
  const samples: number[] = [];
  for (let index = 0; index <= count; index++) {
    const start = performance.now();
    const after = await run(index);
    if (index > 0) samples.push(performance.now() - start);
    if (typeof after === 'function') await (after as () => Promise<void>)();
  }
  const source = 'kube-apiserver 1.36 and etcd, 2 cores';
  return { bench, unit: 'ms', samples, target, peer: peer === undefined ? null : { value: peer, source } };
}
