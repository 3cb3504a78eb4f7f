import { join } from 'node:path';
import { resources } from '../../api/resources.ts';
import type { CniOptions } from '../../agent/cni/cni-nodes.ts';
import type { Client } from '../../client/port.ts';
import { createCniPlugins } from '../../drivers/cni/plugins.ts';
import { createCniResults } from '../../drivers/cni/results.ts';
import type { LabPaths } from '../../lab/paths.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { sameJson } from '../../lib/same-json.ts';
import { cniConfigMap } from '../../model/cni/configuration.ts';

/** How often the configuration is looked at: agents may read this one ConfigMap, and watch none. */
const everyMs = 1_000;

export interface FollowCniOptions {
  readonly client: Client;
  readonly paths: LabPaths;
  readonly clock: Clock;
  readonly log: Log;
}

/** The CNI plugins of this machine and the configuration that the ConfigMap `kube-system/cni-net.d` has of them. */
export function followCni({ client, paths, clock, log }: FollowCniOptions): CniOptions & { stop(): void } {
  let files: Readonly<Record<string, string>> = {};
  const listeners = new Set<() => void>();
  let cancel = (): void => {};
  let isStopped = false;
  const look = async (): Promise<void> => {
    try {
      const found = await client.get(resources.configmaps, cniConfigMap);
      const now = found?.data ?? {};
      if (!sameJson(now, files)) {
        files = now;
        for (const tell of listeners) tell();
      }
    } catch (error) {
      log.debug({ error: messageOf(error) }, 'the CNI configuration could not be read');
    }
    if (!isStopped) cancel = clock.after(everyMs, () => void look());
  };
  void look();
  return {
    plugins: createCniPlugins({ path: process.env['CNI_PATH'] }),
    results: createCniResults({ directory: paths.cni }),
    fileOf: (netns) => join(paths.namespaces, netns),
    stateOf: (node) => join(paths.cni, node),
    files: () => files,
    onFiles(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
