import { readFileSync } from 'node:fs';
import { openLabs } from '../../../src/cmd/weft/labs.ts';
import { readProcessFile } from '../../../src/lab/process-file.ts';
import { rpcCall } from '../../../src/lib/rpc-client.ts';
import { machineNetns } from '../../../src/model/fabric/default-fabric.ts';
import { createServingClient } from '../../../src/workload/serving-client.ts';
import type { TestLab } from '../../support/lab.ts';

const pathsOf = (lab: TestLab): ReturnType<ReturnType<typeof openLabs>['control']['paths']> =>
  openLabs().control.paths(lab.name);

/**
 * Has the machine that stands for the internet answer on every port that clusters of the generator send to, beside
 * those that it answers on anyway.
 */
export async function serveOutside(lab: TestLab): Promise<void> {
  await createServingClient(pathsOf(lab).socket('holder')).serve({
    uid: 'differential',
    pod: 'internet',
    node: 'internet',
    netns: machineNetns.internet,
    listeners: [
      ...[8080, 8081].map((port) => ({ protocol: 'TCP' as const, port })),
      ...[80, 8080, 8081].map((port) => ({ protocol: 'UDP' as const, port })),
      ...[80, 8080, 8081].map((port) => ({ protocol: 'SCTP' as const, port })),
    ],
  });
}

/** What the processes of a lab complained about (pino's level 40 and above) since the last call. */
export function complaints(lab: TestLab): () => string[] {
  const seen = new Map<string, number>();
  return () =>
    ['holder', 'control', 'agents', 'dns'].flatMap((role) => {
      const lines = readFileSync(`${pathsOf(lab).logs}/${role}.log`, 'utf8').split('\n');
      const fresh = lines.slice(seen.get(role) ?? 0, -1);
      seen.set(role, lines.length - 1);
      return fresh.filter((line) => !/^\{"level":[123]0,/.test(line)).map((line) => `${role}: ${line}`);
    });
}

/** How many elements the agents find in the kernels that should be others, on all nodes together. */
export async function mismatchedElements(lab: TestLab): Promise<number> {
  const reply = await rpcCall(pathsOf(lab).socket('agents'), 'POST', '/repair');
  return (reply as { repaired: number }).repaired;
}

/** Kills the agents of a lab; resolves when the holder has started others, and they have programmed everything. */
export async function killAgents(lab: TestLab): Promise<void> {
  const { processes } = pathsOf(lab);
  const before = readProcessFile(processes).agents;
  if (before === undefined) throw new Error('the lab has no agents');
  process.kill(before.pid, 'SIGKILL');
  for (const deadline = performance.now() + 20_000; ;) {
    const now = readProcessFile(processes).agents;
    if (now !== undefined && now.pid !== before.pid && (await answers(lab))) return;
    if (performance.now() > deadline) throw new Error('the agents did not come back');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function answers(lab: TestLab): Promise<boolean> {
  try {
    await lab.connection.programmed({});
    return true;
  } catch {
    return false;
  }
}
