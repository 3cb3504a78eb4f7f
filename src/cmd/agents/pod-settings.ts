import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { PodSettings } from '../../agent/pods/pod-life.ts';
import { resolvConfSuffix, type LabPaths } from '../../lab/paths.ts';
import { resolvConfOf, type ResolvConfOptions } from '../../model/dns/pod-settings.ts';
import { formatResolvConf } from '../../model/dns/resolv-conf.ts';

export interface PodSettingsOptions extends Omit<ResolvConfOptions, 'nodeResolvConf'> {
  /** Whom a node itself asks for names, now. */
  readonly nodeServers: () => readonly string[];
}

/** One file of each pod, mode 0600. */
export function createPodSettings(paths: LabPaths, options: PodSettingsOptions): PodSettings {
  return {
    write(pod) {
      const nameservers = options.nodeServers();
      const nodeResolvConf = formatResolvConf({ nameservers, searches: [], options: [] });
      const { text } = resolvConfOf(pod, { ...options, nodeResolvConf });
      writeFileSync(paths.resolvConf(pod.metadata.uid ?? ''), text, { mode: 0o600 });
    },
    remove: (uid) => rmSync(paths.resolvConf(uid), { force: true }),
    list: () =>
      readdirSync(paths.pods)
        .filter((file) => file.endsWith(resolvConfSuffix))
        .map((file) => file.slice(0, -resolvConfSuffix.length)),
  };
}
