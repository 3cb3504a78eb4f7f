import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { resources } from '../../src/api/resources.ts';
import type { Service } from '../../src/api/types/core.ts';
import type { Client } from '../../src/client/port.ts';
import type { Figure, Progress } from '../lib/figure.ts';
import { startApiProcess } from './api-process.ts';

const services = 5000;
const runs = 3;
/** Writes on their way at the same time while the cluster is made. */
const width = 16;

/**
 * A process of controllers on an API server that has 5,000 Services and their endpoints: from its start until its caches
 * are filled and nothing is left to do, and the memory that it then has.
 */
export const figure: Figure = {
  name: 'controllers-in-sync',
  async *measure(progress) {
    const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
    const api = await startApiProcess(directory);
    try {
      progress(`controllers-in-sync: making ${services} Services`);
      await fill(api.client);
      const access = join(directory, 'access.json');
      writeFileSync(access, JSON.stringify(api.access), { mode: 0o600 });
      // The first writes what 5,000 Services lack; those that follow find everything as it should be.
      await inSync(access);
      const found: Synced[] = [];
      for (let run = 0; run < runs; run++) {
        const synced = await inSync(access);
        found.push(synced);
        report(progress, synced);
      }
      const of = (name: keyof Synced): number[] => found.map((synced) => synced[name]);
      const common = { peer: null };
      yield { ...common, bench: 'controllers-in-sync-5000', unit: 'ms', samples: of('ms'), target: 3000 };
      yield {
        ...common,
        bench: 'controllers-memory-5000',
        unit: 'MB',
        samples: of('megabytes'),
        target: 200,
      };
    } finally {
      await api.close();
      rmSync(directory, { recursive: true });
    }
  },
};

interface Synced {
  readonly ms: number;
  readonly megabytes: number;
}

function report(progress: Progress, { ms, megabytes }: Synced): void {
  progress(`controllers-in-sync: ${ms.toFixed(0)} ms, ${megabytes.toFixed(0)} MB`);
}

async function fill(client: Client): Promise<void> {
  const metadata = { name: 'many' };
  await client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
  const all = Array.from({ length: services }, (_, index) => serviceOf(index)).values();
  const worker = async (): Promise<void> => {
    for (const service of all) await client.create(resources.services, service);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

function serviceOf(index: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `service-${index}`, namespace: 'many' },
    spec: { selector: { app: `app-${index}` }, ports: [{ port: 80, targetPort: 8080 }] },
  };
}

const program = fileURLToPath(new URL('./controllers-child.ts', import.meta.url));
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url));

/** Starts the process, waits until it says that it is in sync, and ends it. */
async function inSync(access: string): Promise<Synced> {
  const start = performance.now();
  const child = spawn(process.execPath, [program, access], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? compileCache },
  });
  const ended = new Promise((resolve) => void child.once('exit', resolve));
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      return { ms: performance.now() - start, megabytes: Number(line) };
    }
    throw new Error('the controllers ended before they were in sync');
  } finally {
    child.stdin.end();
    await ended;
  }
}
