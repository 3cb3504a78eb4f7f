import { join } from 'node:path';
import type { Programming } from '../../agent/agents.ts';
import { createClient } from '../../client/http/client.ts';
import { createProcesses } from '../../drivers/process/processes.ts';
import { readLabOptions, type LabOptions } from '../../lab/options.ts';
import type { Link } from '../../kernel/route/port.ts';
import type { LabConnection } from '../../lab/connection.ts';
import type { LabPaths } from '../../lab/paths.ts';
import { readProcessFile } from '../../lab/process-file.ts';
import { systemClock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import { rpcCall } from '../../lib/rpc-client.ts';
import { nodeNetns } from '../../model/fabric/default-fabric.ts';
import { parseFlowReport } from '../../model/flows/parse-report.ts';
import type { Prober } from '../../workload/probe/prober.ts';
import { serverAccess } from '../server-access.ts';
import { sharedPins } from '../shared-pins.ts';

const reachableWithinMs = 20_000;

/** Whether no process that was written down runs any more; those that run start again what has died beside them. */
export function isEnded({ processes: file }: LabPaths): boolean {
  const processes = createProcesses({ clock: systemClock });
  const records = Object.values(readProcessFile(file));
  return records.length > 0 && !records.some((record) => processes.isRunning(record));
}

/** Opens a running lab from outside its mount namespace. */
export async function connectLab(paths: LabPaths): Promise<LabConnection> {
  const options = readLabOptions(paths.options);
  const access = await serverAccess(paths, options, paths.kubeconfig);
  const client = createClient({ ...access, clock: systemClock, log: silentLog });
  const ends: (() => void)[] = [];
  let prober: Promise<Prober> | undefined;
  return {
    options,
    client,
    prober() {
      prober ??= openProber(paths, options, ends);
      return prober;
    },
    async programmed(versions) {
      await whenReachable(() => rpcCall(paths.socket('agents'), 'POST', '/programmed', versions));
    },
    programming: async () => (await rpcCall(paths.socket('agents'), 'GET', '/programming')) as Programming,
    flows: async () => parseFlowReport(await rpcCall(paths.socket('agents'), 'GET', '/flows')),
    domains: async () => {
      const known = (await rpcCall(paths.socket('agents'), 'GET', '/domain-addresses')) as Record<
        string,
        string[]
      >;
      return new Map(Object.entries(known));
    },
    async recordFlows(record) {
      await whenReachable(() => rpcCall(paths.socket('agents'), 'POST', '/flows', { record }));
    },
    async execute(where, command) {
      const [{ runInside }, { withResolvConf }] = await Promise.all([
        import('../../drivers/inside/run-inside.ts'),
        import('./machine-settings.ts'),
      ]);
      const netns = join(pinsOf(paths), where.netns);
      const run = (resolvConf: string): Promise<number> =>
        runInside({ netns, resolvConf, command, env: process.env });
      return 'uid' in where ? run(paths.resolvConf(where.uid)) : withResolvConf(where.nameservers, run);
    },
    nodeLinks: (node) => listNodeLinks(paths, node),
    async resolve(from, name) {
      const [{ connectInside }, { askName }] = await Promise.all([
        import('../../lab/pod-streams.ts'),
        import('./ask-name.ts'),
      ]);
      return askName(await connectInside(paths.socket('holder'), { ...from, port: 53 }), name);
    },
    async connectInside(way) {
      const { connectInside } = await import('../../lab/pod-streams.ts');
      return connectInside(paths.socket('holder'), way);
    },
    async close() {
      for (const end of ends.splice(0)) end();
      await client.close();
    },
  };
}

/** The agents of a lab that has just been started may answer a little later than its API server. */
async function whenReachable(call: () => Promise<unknown>): Promise<void> {
  const deadline = systemClock.monotonic() + reachableWithinMs;
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      const isLate = systemClock.monotonic() > deadline;
      if (isLate || !(error instanceof WeftError && error.code === 'rpc-unreachable')) throw error;
      await new Promise((resolve) => void setTimeout(resolve, 5));
    }
  }
}

async function listNodeLinks(paths: LabPaths, node: string): Promise<readonly Link[]> {
  const [{ createNetworkNamespaces }, { createRouteNetlink }] = await Promise.all([
    import('../../kernel/netns/real.ts'),
    import('../../kernel/route/real.ts'),
  ]);
  const namespaces = createNetworkNamespaces({ directory: pinsOf(paths) });
  const route = createRouteNetlink({ namespaces });
  try {
    return [...route.dump(nodeNetns(node)).links.values()];
  } finally {
    route.close();
    namespaces.close();
  }
}

async function openProber(paths: LabPaths, options: LabOptions, ends: (() => void)[]): Promise<Prober> {
  const [{ createNetworkNamespaces }, { createSockets }, { createProber }, { createDenialStream }] =
    await Promise.all([
      import('../../kernel/netns/real.ts'),
      import('../../kernel/sockets/sockets.ts'),
      import('../../workload/probe/prober.ts'),
      import('../../workload/probe/denial-stream.ts'),
    ]);
  const directory = pinsOf(paths);
  const elsewhere = sharedPins(paths, options, directory.slice(0, -paths.namespaces.length));
  const namespaces = createNetworkNamespaces({ directory, elsewhere });
  const denials = createDenialStream(paths.socket('agents'));
  const prober = createProber({ sockets: createSockets({ namespaces }), denials, clock: systemClock });
  ends.push(
    () => prober.close(),
    () => namespaces.close(),
    () => denials.close(),
  );
  return prober;
}

/** Where the pins are seen from here: they are mounts of the lab's own mount namespace, which /proc shows. */
export function pinsOf(paths: LabPaths): string {
  const processes = createProcesses({ clock: systemClock });
  const records = Object.values(readProcessFile(paths.processes));
  const member = records.find((record) => processes.isRunning(record));
  if (member === undefined) {
    throw new WeftError('lab-down', `lab ${paths.name} is not running`, {
      hint: 'start it again with: weft up',
    });
  }
  return `/proc/${member.pid}/root${paths.namespaces}`;
}
