import { request } from 'node:https';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { loadKubeconfig } from '../../src/client/http/kubeconfig.ts';
import { createProcesses } from '../../src/drivers/process/processes.ts';
import type { LabPaths } from '../../src/lab/paths.ts';
import { readProcessFile, type RoleName } from '../../src/lab/process-file.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { rpcCall } from '../../src/lib/rpc-client.ts';
import { bikeHire } from '../lib/applications.ts';
import type { Figure } from '../lib/figure.ts';
import { benchLabName, startBenchLab } from '../lib/lab.ts';

const kills = 11;
/** Who is killed young looks like one that crashes, and is started later. */
const settledMs = 1500;
const longestMs = 20_000;
const roles: readonly RoleName[] = ['control', 'agents', 'dns', 'holder'];

/** From the kill -9 of one process of a lab with the application until its successor has answered a call. */
export const figure: Figure = {
  name: 'restart',
  async *measure(progress) {
    const lab = await startBenchLab(bikeHire.path);
    try {
      const paths = openLabs().control.paths(benchLabName);
      const answers = await answersOf(paths);
      for (const role of roles) {
        const samples: number[] = [];
        for (let kill = 1; kill <= kills; kill++) {
          await pause(settledMs);
          samples.push(await restart(paths, role, answers[role]));
          // The next one dies in a lab that is whole.
          for (const other of roles) await until(`${other} answers`, answers[other]);
          progress(`restart-${role} ${kill}/${kills}: ${samples.at(-1)?.toFixed(0)} ms`);
        }
        yield { bench: `restart-${role}`, unit: 'ms', samples, target: 1000, peer: null };
      }
    } finally {
      await lab.down();
    }
  },
};

type Answer = () => Promise<unknown>;

async function restart(paths: LabPaths, role: RoleName, answer: Answer): Promise<number> {
  const before = readProcessFile(paths.processes)[role];
  if (before === undefined) throw new Error(`nobody is written down as ${role}`);
  const processes = createProcesses({ clock: systemClock });
  const start = performance.now();
  process.kill(before.pid, 'SIGKILL');
  await until(`process ${before.pid} ends`, async () => {
    if (processes.isRunning(before)) throw new Error('not yet');
  });
  await until(`${role} answers again`, answer);
  const took = performance.now() - start;
  if (readProcessFile(paths.processes)[role]?.pid === before.pid) throw new Error(`${role} has no successor`);
  return took;
}

/** A call to each role that only a process which does its work answers; each on a connection of its own. */
async function answersOf(paths: LabPaths): Promise<Readonly<Record<RoleName, Answer>>> {
  const { server, ca } = await loadKubeconfig(paths.kubeconfig);
  const { hostname, port } = new URL(server);
  const isReady = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const asked = request({ hostname, port, ca, path: '/readyz', agent: false }, (answer) => {
        answer.resume();
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`/readyz: ${answer.statusCode}`));
      });
      asked.once('error', reject);
      asked.end();
    });
  return {
    control: isReady,
    agents: () => rpcCall(paths.socket('agents'), 'POST', '/programmed', {}),
    dns: () => rpcCall(paths.socket('dns'), 'GET', '/pods'),
    holder: () => rpcCall(paths.socket('holder'), 'GET', '/pods'),
  };
}

async function until(what: string, attempt: Answer): Promise<void> {
  const deadline = performance.now() + longestMs;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() > deadline)
        throw new Error(`not within ${longestMs} ms: ${what}`, { cause: error });
      await pause(2);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
