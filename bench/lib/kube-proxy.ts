import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createSockets } from '../../src/kernel/sockets/sockets.ts';
import { createForwardingServer } from '../../src/lib/forwarding-server.ts';
import { createInside } from '../../src/workload/streams/inside.ts';
import { stop, type TestServer } from '../../test/support/kube-server.ts';
import { createBenchNamespace } from './namespace.ts';

/** The program of kube-proxy; figures have a peer of the same run where it is named. */
export const kubeProxyProgram = process.env['KUBE_PROXY'] ?? '';

/** kube-proxy in nftables mode, in a namespace of its own: this machine's tables are not touched. */
export interface KubeProxy {
  /** How often it has synced, how long that took in all, and its processor time, in milliseconds. */
  state(): Promise<{
    readonly syncs: number;
    readonly syncMs: number;
    readonly cpuMs: number;
    readonly rssMb: number;
  }>;
  stop(): Promise<void>;
}

const metricsPort = 10_249;

/** It reaches the API server at its own address of the loopback: what it says there is handed on. */
export async function startKubeProxy(server: TestServer): Promise<KubeProxy> {
  const { namespaces, name: netns, path, remove } = createBenchNamespace();
  const inside = createInside(createSockets({ namespaces }));
  const port = Number(new URL(server.access.server).port);
  const forwarding = createForwardingServer({
    connect: () => {
      const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
      return new Promise((resolve, reject) => {
        socket.once('connect', () => resolve(socket)).once('error', reject);
      });
    },
    onRefused: () => {},
  });
  inside.listen(netns, { address: '127.0.0.1', port }, forwarding.server);
  const log = openSync(join(server.directory, 'kube-proxy.log'), 'a', 0o600);
  const child = spawn('nsenter', [`--net=${path}`, kubeProxyProgram, ...flags(server)], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const metrics = async (): Promise<string> => {
    const socket = await inside.connect({ netns, addresses: ['127.0.0.1'], port: metricsPort });
    return get(socket);
  };
  return {
    async state() {
      requireRunning(child, server);
      const text = await metrics().catch(() => '');
      const value = (suffix: string): number =>
        Number(
          new RegExp(`^kubeproxy_sync_proxy_rules_duration_seconds_${suffix}\\S* (\\S+)$`, 'm').exec(
            text,
          )?.[1] ?? 0,
        );
      return { syncs: value('count'), syncMs: value('sum') * 1000, ...usageOf(child.pid ?? 0) };
    },
    async stop() {
      await stop(child);
      await forwarding.close();
      remove();
    },
  };
}

function flags({ kubeconfig }: TestServer): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--proxy-mode=nftables',
    '--hostname-override=bench',
    '--cluster-cidr=10.244.0.0/16',
    `--metrics-bind-address=127.0.0.1:${metricsPort}`,
    '--healthz-bind-address=127.0.0.1:10256',
    // These are of the whole machine.
    '--conntrack-max-per-core=0',
    '--conntrack-tcp-timeout-established=0',
    '--conntrack-tcp-timeout-close-wait=0',
  ];
}

function requireRunning({ exitCode, signalCode }: ChildProcess, { directory }: TestServer): void {
  if (exitCode === null && signalCode === null) return;
  throw new Error(
    `kube-proxy ended:\n${readFileSync(join(directory, 'kube-proxy.log'), 'utf8').slice(-2000)}`,
  );
}

/** In hundredths of seconds, as the kernel counts, with the programs it ran: nft (proc(5), stat: utime to cstime). */
function usageOf(pid: number): { readonly cpuMs: number; readonly rssMb: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const rss = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { cpuMs: ticks * 10, rssMb: Number(rss) / 1000 };
}

function get(socket: ReturnType<typeof connect>): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ path: '/metrics', createConnection: () => socket }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    asked.on('error', reject).end();
  });
}
