import { loadKubeconfig } from '../client/http/kubeconfig.ts';
import type { ServerAccess } from '../client/http/options.ts';
import type { LabOptions } from '../lab/options.ts';
import type { LabPaths } from '../lab/paths.ts';

/**
 * How a process of a lab, or somebody who uses it, reaches its API server. The lab's own is asked over a socket: without
 * root the lab's processes are in another network namespace than its port.
 */
export async function serverAccess(
  paths: LabPaths,
  { cluster }: LabOptions,
  kubeconfig: string,
): Promise<ServerAccess> {
  const access = await loadKubeconfig(kubeconfig);
  return cluster === undefined ? { ...access, socketPath: paths.socket('api') } : access;
}
