import { hostname } from 'node:os';
import type { ClusterAddress } from '../../cli/environment.ts';
import { createClient } from '../../client/http/client.ts';
import { isolateKubeconfig, kubeconfigNamespace, loadKubeconfig } from '../../client/http/kubeconfig.ts';
import type { ClusterDoor } from '../../lab/cluster/door.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';

/** A cluster's API server, as the user of a kubeconfig. Rejects with `kubeconfig-invalid`. */
export async function openCluster({ kubeconfig, context }: ClusterAddress): Promise<ClusterDoor> {
  const access = await loadKubeconfig(kubeconfig, context);
  const client = createClient({ ...access, clock: systemClock, log: silentLog, fieldManager: 'weft' });
  const namespace = await kubeconfigNamespace(kubeconfig, context);
  return {
    client,
    serves: (resource) => client.serves(resource),
    ...(namespace !== undefined && { namespace }),
    access,
    kubeconfig: await isolateKubeconfig(kubeconfig, context),
    markOf: (lab) => `${lab}@${hostname()}`,
  };
}
