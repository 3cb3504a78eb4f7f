import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '../../src/client/http/client.ts';
import type { ServerAccess } from '../../src/client/http/options.ts';
import { resources } from '../../src/api/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

/** An API server for a test, whoever wrote it. */
export interface TestServer {
  readonly name: string;
  readonly access: ServerAccess & { readonly token: string; readonly ca: string };
  /** Path of a kubeconfig of its administrator. */
  readonly kubeconfig: string;
  /** A directory that goes with the server. */
  readonly directory: string;
  close(): Promise<void>;
}

const needed = ['etcd', 'kube-apiserver'] as const;

/** The folder with etcd and kube-apiserver: envtest's variable. */
const assets = process.env['KUBEBUILDER_ASSETS'] ?? '';

/** Why tests against a real kube-apiserver are skipped; false where they can run. */
export function kubeProblem(): string | false {
  if (assets === '') return 'KUBEBUILDER_ASSETS is not set';
  const missing = needed.filter((program) => !existsSync(join(assets, program)));
  return missing.length === 0 ? false : `${assets} lacks ${missing.join(', ')}`;
}

/** It loads for seconds even where nothing else runs. */
const startTimeoutMs = 120_000;

export interface KubeApiserverOptions {
  /** One range, or one of each family with a comma between them. */
  readonly serviceRanges?: string;
  /** More of its options. */
  readonly flags?: readonly string[];
}

/**
 * etcd and kube-apiserver on loopback, with RBAC, the usual admission and nobody beside them: no controller runs.
 * Everything is in a directory of its own; `close` ends both by their pids.
 */
export async function startKubeApiserver({
  serviceRanges = '10.96.0.0/12',
  flags = [],
}: KubeApiserverOptions = {}): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-kube-'));
  const [client, peer, port] = await Promise.all([freePort(), freePort(), freePort()]);
  const token = randomBytes(24).toString('hex');
  writeKeys(directory, token);
  const etcd = run(directory, 'etcd', [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
    '--unsafe-no-fsync',
  ]);
  const apiserver = run(directory, 'kube-apiserver', [
    `--etcd-servers=http://127.0.0.1:${client}`,
    '--bind-address=127.0.0.1',
    // Nobody reaches it there; it refuses to advertise loopback, and writes no endpoints.
    '--advertise-address=192.0.2.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--cert-dir=${join(directory, 'certificates')}`,
    `--service-cluster-ip-range=${serviceRanges}`,
    '--authorization-mode=Node,RBAC',
    `--token-auth-file=${join(directory, 'tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(directory, 'accounts.pub')}`,
    `--service-account-signing-key-file=${join(directory, 'accounts.key')}`,
    '--v=1',
    ...flags,
  ]);
  const close = async (): Promise<void> => {
    await stop(apiserver);
    await stop(etcd);
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const ca = await whenFile(join(directory, 'certificates/apiserver.crt'), apiserver);
    const access = { server: `https://127.0.0.1:${port}`, ca, token };
    await whenReady(access, apiserver);
    const kubeconfig = join(directory, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigOf(access), { mode: 0o600 });
    return { name: 'kube-apiserver', access, kubeconfig, directory, close };
  } catch (error) {
    const log = readFileSync(join(directory, 'kube-apiserver.log'), 'utf8').slice(-2000);
    await close();
    throw new Error(`kube-apiserver did not start:\n${log}`, { cause: error });
  }
}

/** What a user of this server puts into a file. */
function kubeconfigOf({ server, ca, token }: { server: string; ca: string; token: string }): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'kube',
    contexts: [{ name: 'kube', context: { cluster: 'kube', user: 'admin' } }],
    clusters: [
      {
        name: 'kube',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
  });
}

function writeKeys(directory: string, token: string): void {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const secret = { mode: 0o600 };
  writeFileSync(join(directory, 'accounts.pub'), publicKey);
  writeFileSync(join(directory, 'accounts.key'), privateKey, secret);
  writeFileSync(join(directory, 'tokens.csv'), `${token},admin,admin,system:masters\n`, secret);
}

function run(directory: string, program: (typeof needed)[number], args: string[]): ChildProcess {
  const log = openSync(join(directory, `${program}.log`), 'a', 0o600);
  const child = spawn(join(assets, program), args, { cwd: directory, stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

async function whenFile(path: string, writer: ChildProcess): Promise<string> {
  const deadline = performance.now() + startTimeoutMs;
  while (!existsSync(path)) {
    if (hasEnded(writer) || performance.now() > deadline) throw new Error(`nobody wrote ${path}`);
    await delay(50);
  }
  return readFileSync(path, 'utf8');
}

/** It answers before its own roles and namespaces are there: the namespaces come last. */
async function whenReady(access: TestServer['access'], server: ChildProcess): Promise<void> {
  const client = createClient({ ...access, clock: systemClock, log: silentLog });
  const deadline = performance.now() + startTimeoutMs;
  try {
    for (;;) {
      const namespace = await client.get(resources.namespaces, { name: 'default' }).catch(() => undefined);
      if (namespace !== undefined) return;
      if (hasEnded(server) || performance.now() > deadline) throw new Error('it does not answer');
      await delay(100);
    }
  } finally {
    await client.close();
  }
}

/** Kills a program and waits for its end. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** A port of loopback that nobody had a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
