import { openLabs } from '../../src/cmd/weft/labs.ts';
import { readProcessFile } from '../../src/lab/process-file.ts';
import type { TestLab } from '../support/lab.ts';
import { eventually } from './flow.ts';

/** Path by which the host sees a network namespace of the lab. */
export function pinOf(lab: TestLab, netns: string): string {
  const { processes, namespaces } = openLabs().control.paths(lab.name);
  return `/proc/${readProcessFile(processes).holder?.pid}/root${namespaces}/${netns}`;
}

/** Kills one of the lab's processes without warning; resolves when another one runs in its place and agents answer. */
export async function killRole(lab: TestLab, role: 'agents' | 'dns' | 'control'): Promise<void> {
  const { processes } = openLabs().control.paths(lab.name);
  const before = readProcessFile(processes)[role]?.pid;
  if (before === undefined) throw new Error(`${role} does not run`);
  process.kill(before, 'SIGKILL');
  await eventually(`${role} runs again`, () => {
    const now = readProcessFile(processes)[role]?.pid;
    return now !== undefined && now !== before;
  });
  await eventually('the agents answer', () =>
    lab.connection.programmed({}).then(
      () => true,
      () => false,
    ),
  );
}
