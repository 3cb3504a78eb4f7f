import type { Finding } from './finding.ts';
import type { Machine } from './port.ts';

/** What differs from a machine that has everything. Files are by path; undefined for one that is not there. */
export interface FakeMachineOptions extends Partial<Omit<Machine, 'read'>> {
  readonly files?: Readonly<Record<string, string | undefined>>;
}

const files: Readonly<Record<string, string>> = {
  '/proc/sys/kernel/osrelease': '6.12.0\n',
  '/proc/self/status': 'Name:\tnode\nCapEff:\t000001ffffffffff\n',
  '/proc/self/limits': [
    'Limit                     Soft Limit           Hard Limit           Units',
    'Max processes             96365                unlimited            processes',
    'Max open files            1024                 524288               files',
  ].join('\n'),
  '/proc/self/cgroup': '0::/user.slice\n',
  '/sys/fs/cgroup/user.slice/pids.max': 'max\n',
  '/proc/meminfo': 'MemTotal: 8000000 kB\nMemAvailable:    4000000 kB\n',
  '/proc/sys/user/max_user_namespaces': '30000\n',
  '/proc/sys/user/max_net_namespaces': '30000\n',
  '/proc/sys/user/max_mnt_namespaces': '30000\n',
  '/proc/sys/fs/mount-max': '100000\n',
  '/proc/sys/net/netfilter/nf_conntrack_max': '262144\n',
  '/proc/sys/net/core/wmem_max': '4194304\n',
};

const programs: Readonly<Record<string, string>> = {
  unshare: 'unshare from util-linux 2.40\n',
  nsenter: 'nsenter from util-linux 2.40\n',
  '/usr/sbin/bird': 'BIRD version 2.0.12\n',
  kubectl: '{"clientVersion": {"gitVersion": "v1.33.0"}}',
};

const tried: readonly Finding[] = [{ check: 'vxlan', state: 'ok', found: 'made' }];

/** A machine in memory that has everything, but for what is said. */
export function createFakeMachine({ files: own = {}, ...options }: FakeMachineOptions = {}): Machine {
  return {
    platform: 'linux',
    architecture: 'x64',
    nodeVersion: '24.21.0',
    isRoot: true,
    read: (path) => (path in own ? own[path] : files[path]),
    whyNotLoaded: () => undefined,
    run(command) {
      const out = programs[command];
      return Promise.resolve(out === undefined ? undefined : { code: 0, out, err: '' });
    },
    runDirectory: '/run/weft',
    tryRunDirectory: () => Promise.resolve({ freeBytes: 1 << 30 }),
    labs: () => Promise.resolve([]),
    tryKernel: () => Promise.resolve(tried),
    ...options,
  };
}
