import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolvConfOf, type ResolvConfOptions } from '../model/dns/pod-settings.ts';
import type { PodSettings } from '../agent/pod-life.ts';

/** Files of pods below `directory`, in a folder by uid: `resolv.conf`. Modes 0700 and 0600. */
export function createPodSettings(directory: string, options: ResolvConfOptions): PodSettings {
  return {
    write(pod) {
      const folder = join(directory, pod.metadata.uid ?? '');
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, 'resolv.conf'), resolvConfOf(pod, options).text, { mode: 0o600 });
    },
    remove: (uid) => rmSync(join(directory, uid), { recursive: true, force: true }),
    list: () => readdirSync(directory),
  };
}
