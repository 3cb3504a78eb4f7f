import { WeftError } from '../../lib/errors.ts';
import { resolveSource } from '../endpoints/resolve.ts';
import type { CliEnvironment } from '../environment.ts';
import { podNetns } from '../live/probe-of.ts';
import { withLab } from '../world.ts';

export interface ExecOptions {
  readonly pod: string;
  readonly command: readonly string[];
  readonly name: string;
}

/** `weft exec`: a program of this machine in a pod's network, with the pod's resolver. Its own exit code. */
export async function exec(env: CliEnvironment, { pod, command, name }: ExecOptions): Promise<number> {
  return withLab(env, { name, file: [] }, async ({ lab, world: { cluster } }) => {
    const [{ end }] = resolveSource(cluster, pod).all;
    const found = end.kind === 'pod' ? cluster.pods.get(end.key) : undefined;
    const uid = found?.metadata.uid;
    if (found === undefined || uid === undefined) {
      throw new WeftError('endpoint-invalid', `${pod} is no pod`, { fault: 'input' });
    }
    return lab.execute({ netns: podNetns(found), uid }, command);
  });
}
