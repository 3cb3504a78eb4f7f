import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, type ClientHttp2Session } from 'node:http2';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient } from '../../src/client/http/client.ts';
import type { Client } from '../../src/client/port.ts';
import { runtimeEnvironment, runtimeFlags } from '../../src/cmd/runtime.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

/** An API server in a process of its own, with its store in a directory. */
export interface ApiProcess {
  readonly client: Client;
  readonly token: string;
  /** How to reach it. */
  readonly access: Access;
  /** A connection of its own. */
  session(): ClientHttp2Session;
  /** Resident memory in megabytes. */
  memory(): number;
  /** Ends it in order; what it stored stays. */
  close(): Promise<void>;
}

const program = fileURLToPath(new URL('./api-child.ts', import.meta.url));

export interface Access {
  readonly server: string;
  readonly ca: string;
  readonly token: string;
}

/** Resolves when it says that it listens. */
export async function startApiProcess(directory: string): Promise<ApiProcess> {
  const child = spawn(process.execPath, [...runtimeFlags('control'), program, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: runtimeEnvironment(process.env),
  });
  const ended = new Promise((resolve) => void child.once('exit', resolve));
  const access = await accessOf(child.stdout);
  const client = createClient({ ...access, clock: systemClock, log: silentLog });
  const sessions: ClientHttp2Session[] = [];
  return {
    client,
    token: access.token,
    access,
    session() {
      const session = connect(access.server, { ca: access.ca });
      sessions.push(session);
      return session;
    },
    memory: () => residentMegabytes(child.pid ?? 0),
    async close() {
      for (const session of sessions) session.destroy();
      await client.close();
      child.stdin.end();
      await ended;
    },
  };
}

async function accessOf(stdout: NodeJS.ReadableStream): Promise<Access> {
  for await (const line of createInterface({ input: stdout })) return JSON.parse(line) as Access;
  throw new Error('the API server ended before it listened');
}

function residentMegabytes(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

/** The body of a GET; throws for any status but 200. */
export function get(session: ClientHttp2Session, token: string, path: string): Promise<string> {
  const stream = session.request({ ':path': path, authorization: `Bearer ${token}` });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  stream.setEncoding('utf8');
  stream.on('response', ({ ':status': status }) => {
    if (status !== 200) reject(new Error(`GET ${path} was answered with ${status}`));
  });
  stream.on('data', (piece: string) => void (text += piece));
  stream.on('end', () => resolve(text));
  stream.on('error', reject);
  return promise;
}
