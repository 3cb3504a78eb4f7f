import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { PodSettings } from '../agent/pod-life.ts';
import { resolvConfSuffix, type LabPaths } from '../lab/paths.ts';
import { resolvConfOf, type ResolvConfOptions } from '../model/dns/pod-settings.ts';

/** One file of each pod, mode 0600. */
export function createPodSettings(paths: LabPaths, options: ResolvConfOptions): PodSettings {
  return {
    write(pod) {
      const { text } = resolvConfOf(pod, options);
      writeFileSync(paths.resolvConf(pod.metadata.uid ?? ''), text, { mode: 0o600 });
    },
    remove: (uid) => rmSync(paths.resolvConf(uid), { force: true }),
    list: () =>
      readdirSync(paths.pods)
        .filter((file) => file.endsWith(resolvConfSuffix))
        .map((file) => file.slice(0, -resolvConfSuffix.length)),
  };
}
