import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../../src/apiserver/testing/test-api.ts';

/** What both API servers can be asked. */
export interface AnyApi {
  call(
    method: string,
    url: string,
    options?: { body?: unknown; headers?: Readonly<Record<string, string>> },
  ): Promise<Answer>;
}

/** The folder with etcd and kube-apiserver, as the controller test tools name it; undefined when there is none. */
export function kubeAssets(): string | undefined {
  const folder = process.env['KUBEBUILDER_ASSETS'];
  const programs = ['etcd', 'kube-apiserver'];
  return folder !== undefined && programs.every((one) => existsSync(join(folder, one))) ? folder : undefined;
}

/** The service ranges of both. */
export const serviceRanges = '10.96.0.0/12,fd00:10:96::/112';

/** Admission plugins that fill in what belongs to other parts of a cluster. */
const without = [
  'ServiceAccount',
  'DefaultTolerationSeconds',
  'Priority',
  'StorageObjectInUseProtection',
  'TaintNodesByCondition',
];

/** A real kube-apiserver with an etcd of its own, on loopback, in a folder that goes with it. */
export async function startKubeApiServer(assets: string): Promise<AnyApi & { close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-kube-'));
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
  const token = randomBytes(16).toString('hex');
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
  const [keyFile, tokenFile] = [join(folder, 'sa.key'), join(folder, 'tokens')];
  await writeFile(keyFile, privateKey, { mode: 0o600 });
  await writeFile(tokenFile, `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const etcdUrl = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const processes = [
    start(join(assets, 'etcd'), [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--unsafe-no-fsync',
    ]),
    start(join(assets, 'kube-apiserver'), [
      `--etcd-servers=${etcdUrl}`,
      `--cert-dir=${folder}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--service-cluster-ip-range=${serviceRanges}`,
      `--token-auth-file=${tokenFile}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${keyFile}`,
      `--service-account-signing-key-file=${keyFile}`,
      `--disable-admission-plugins=${without.join()}`,
    ]),
  ];
  const close = async (): Promise<void> => {
    await Promise.all(processes.toReversed().map(stop));
    await rm(folder, { recursive: true });
  };
  try {
    const call = caller({ port, token, certificate: join(folder, 'apiserver.crt') });
    await ready(call, processes);
    return { call, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function ready(call: AnyApi['call'], processes: readonly ChildProcess[]): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (processes.some((one) => one.exitCode !== null)) throw new Error('kube-apiserver or etcd ended');
    const answer = await call('GET', '/api/v1/namespaces/default').catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(100);
  }
  throw new Error('kube-apiserver did not become ready');
}

function caller({
  port,
  token,
  certificate,
}: {
  port: number;
  token: string;
  certificate: string;
}): AnyApi['call'] {
  return async (method, url, { body, headers } = {}) => {
    const ca = await readFile(certificate);
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          servername: 'kubernetes.default.svc',
          port,
          method,
          path: url,
          ca,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString());
            resolve({
              status: response.statusCode ?? 0,
              body: parsed as Record<string, unknown>,
              headers: {},
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  };
}

function start(program: string, options: readonly string[]): ChildProcess {
  return spawn(program, options, { stdio: 'ignore' });
}

/** Kills a program and waits for its end. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** A port of loopback that nobody had a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
