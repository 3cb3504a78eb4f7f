import { releaseCluster } from '../../lab/release-cluster.ts';
import type { ClusterDoor } from '../../lab/cluster/door.ts';
import { labOfCluster } from '../../lab/names.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { createProgress } from '../progress.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';

export interface DownOptions {
  readonly name: string;
  readonly all: boolean;
  /** Where the lab is on a cluster, and this machine may know it no more. */
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** `weft down`: nothing of the lab is left. A lab that is not there is as down as can be. */
export async function down(env: CliEnvironment, options: DownOptions): Promise<ExitCode> {
  const progress = createProgress(env);
  const codes: ExitCode[] = [];
  // A lab takes its further clusters along.
  const labs = options.all
    ? (await env.labs.list()).map((name) => labOfCluster(name) ?? name)
    : [options.name];
  for (const name of new Set(labs)) {
    const door = await clusterOf(env, name, options).catch((error: unknown) => {
      if (options.kubeconfig !== undefined) throw error;
      // It never came so far as to say how.
      env.err(`  nobody knows how to reach its cluster: ${messageOf(error)}\n`);
      codes.push(1);
    });
    await progress.phase(
      'removing the lab',
      () => env.labs.stop(name),
      (found) => (found ? name : `${name} was not there`),
    );
    await returnAddresses(env, name);
    if (door) codes.push(await leaveCluster(env, name, door));
  }
  return codes.find((code) => code !== 0) ?? 0;
}

/** What a further cluster's nodes had of the lab's segment; where the lab does not answer, nothing is on it any more. */
async function returnAddresses(env: CliEnvironment, name: string): Promise<void> {
  const lab = labOfCluster(name);
  if (lab === undefined || !(await env.labs.isRunning(lab))) return;
  const connection = await env.connect(lab);
  try {
    await releaseCluster(connection.client, name.slice(lab.length + 1));
  } catch (error) {
    env.err(`  its nodes' addresses stay written down (SegmentAddress) in ${lab}: ${messageOf(error)}\n`);
  } finally {
    await connection.close();
  }
}

/** The cluster that a lab is on, if any: what leads there goes with the lab's directory. */
async function clusterOf(
  env: CliEnvironment,
  name: string,
  { kubeconfig, context }: DownOptions,
): Promise<(ClusterDoor & { readonly mark: string }) | undefined> {
  const cluster = (await env.labs.options(name))?.cluster;
  if (cluster === undefined && kubeconfig === undefined) return undefined;
  const door = await env.openCluster({
    kubeconfig: kubeconfig ?? env.labs.paths(name).kubeconfig,
    ...(context !== undefined && { context }),
  });
  // The machine may have another name by now.
  return { ...door, mark: cluster?.mark ?? door.markOf(name) };
}

/** Exit 1 where something of the lab stays on its cluster. */
async function leaveCluster(
  env: CliEnvironment,
  name: string,
  door: ClusterDoor & { readonly mark: string },
): Promise<ExitCode> {
  const [{ removeLab }, { labMark }] = await Promise.all([
    import('../../lab/cluster/remove.ts'),
    import('../../lab/cluster/belongings.ts'),
  ]);
  try {
    const { left } = await createProgress(env).phase(
      'leaving the cluster',
      () => removeLab(door.client, labMark(door.mark), systemClock),
      ({ removed }) => `${removed} objects removed from ${door.access.server}`,
    );
    for (const { what, why } of left) env.err(`  left: ${what}: ${why}\n`);
    return left.length === 0 ? 0 : 1;
  } catch (error) {
    env.err(`  what the lab made there stays; remove it with: weft down --name ${name} --kubeconfig FILE\n`);
    throw error;
  } finally {
    await door.client.close();
  }
}
