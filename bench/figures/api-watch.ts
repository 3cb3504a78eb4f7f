import { mkdtempSync, rmSync } from 'node:fs';
import type { ClientHttp2Session } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resources } from '../../src/api/resources.ts';
import type { Figure, Progress } from '../lib/figure.ts';
import { startApiProcess, type ApiProcess } from './api-process.ts';

const watchers = 1000;
const events = 300;
const sessions = 4;
const runs = 3;

/** 300 changes of one object, until the last of 1,000 watchers has read the last one; 6 s is 50,000 events a second. */
export const figure: Figure = {
  name: 'api-watch',
  async *measure(progress) {
    const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
    const api = await startApiProcess(directory);
    try {
      yield {
        bench: 'api-watch-300k',
        unit: 'ms',
        samples: await samplesOf(api, progress),
        target: 6000,
        peer: null,
      };
    } finally {
      await api.close();
      rmSync(directory, { recursive: true });
    }
  },
};

const name = { namespace: 'default', name: 'watched' };

async function samplesOf(api: ApiProcess, progress: Progress): Promise<number[]> {
  await api.client.create(resources.configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: name });
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const own = Array.from({ length: sessions }, () => api.session());
    const { complete } = await watchAll(own, api.token);
    const start = performance.now();
    for (let change = 0; change < events; change++) {
      await api.client.patch(resources.configmaps, name, { body: { data: { change: `${run} ${change}` } } });
    }
    await complete;
    samples.push(performance.now() - start);
    for (const session of own) session.destroy();
    const rate = (watchers * events) / ((samples.at(-1) ?? 1) / 1000);
    progress(`api-watch: ${rate.toFixed(0)} events/s, ${api.memory().toFixed(0)} MB`);
  }
  return samples;
}

/** Resolves when all watches stand; `complete` then resolves when everybody has read every change. */
async function watchAll(
  own: readonly ClientHttp2Session[],
  token: string,
): Promise<{ readonly complete: Promise<unknown> }> {
  const watches = Array.from({ length: watchers }, (_, i) => watch(own[i % own.length], token));
  await Promise.all(watches.map(({ standing }) => standing));
  return { complete: Promise.all(watches.map(({ complete }) => complete)) };
}

const newline = 0x0a;

function watch(
  session: ClientHttp2Session | undefined,
  token: string,
): { standing: Promise<void>; complete: Promise<void> } {
  const standing = Promise.withResolvers<void>();
  const complete = Promise.withResolvers<void>();
  const path = '/api/v1/namespaces/default/configmaps?watch=true';
  const stream = session?.request({ ':path': path, authorization: `Bearer ${token}` });
  let missing = events + 1;
  stream?.on('data', (piece: Buffer) => {
    for (let at = piece.indexOf(newline); at >= 0; at = piece.indexOf(newline, at + 1)) missing -= 1;
    // The first line is the object as it was.
    if (missing === events) standing.resolve();
    if (missing === 0) complete.resolve();
  });
  stream?.on('error', complete.reject);
  return { standing: standing.promise, complete: complete.promise };
}
