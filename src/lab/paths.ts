import { join, resolve } from 'node:path';

/** Where a lab keeps its files; everything below `directory` belongs to it and goes with `down`. */
export interface LabPaths {
  readonly name: string;
  readonly directory: string;
  /** Beside the directory, so that removing one does not free the other. */
  readonly lock: string;
  /** There from the moment the lab is being ended: nothing may be started again. */
  readonly ending: string;
  /** Pins of network namespaces. */
  readonly namespaces: string;
  /** Files of pods. */
  readonly pods: string;
  /** The resolver's settings of the pod of a uid. */
  resolvConf(uid: string): string;
  readonly logs: string;
  /** Files of the routing daemons of the nodes and of the router. */
  readonly bgp: { readonly nodes: string; readonly router: string };
  /** Standard output and error of a role; the older half is beside it, see lib/log-file. */
  log(role: string): string;
  readonly credentials: string;
  readonly kubeconfig: string;
  /** Of a process of the lab, with no more rights than it needs. */
  ownKubeconfig(role: string): string;
  /** Tokens of the nodes, by name: what is written about a node is written as that node. */
  readonly nodeTokens: string;
  /** The token of one of the lab's service accounts, on a cluster that is not its own. */
  accountToken(account: string): string;
  /** Where the API server writes down every request, if it was asked to. */
  readonly audit: string;
  /** What CNI plugins of the nodes keep, by node. */
  readonly cni: string;
  /** What the agents know of domain names. */
  readonly domains: string;
  readonly store: string;
  /** What `up` decided: `LabOptions`. */
  readonly options: string;
  /** Records of the running processes, by role. */
  readonly processes: string;
  socket(of: 'holder' | 'control' | 'agents' | 'dns' | 'api'): string;
  /** Where a process serves its metrics. */
  metrics(role: string): string;
  /** Locked by the one process of the role as long as it runs. */
  roleLock(role: string): string;
  /** What a role serves, by pod: the next process of the role serves it again. */
  serving(role: 'holder' | 'dns'): string;
}

/** Of the names of files with a resolver's settings. */
export const resolvConfSuffix = '.resolv.conf';

/** Says where labs are, instead of the places below. */
export const directoryVariable = 'WEFT_RUN_DIRECTORY';

/** Where all labs of a user are: /run/weft; without root below $XDG_RUNTIME_DIR, or in /tmp where there is none. */
export function labsDirectory(
  env: Readonly<Record<string, string | undefined>>,
  { uid }: { readonly uid: number },
): string {
  const chosen = env[directoryVariable] ?? '';
  if (chosen !== '') return resolve(chosen);
  if (uid === 0) return '/run/weft';
  const runtimeDirectory = env['XDG_RUNTIME_DIR'] ?? '';
  return runtimeDirectory === '' ? `/tmp/weft-${uid}` : join(runtimeDirectory, 'weft');
}

export function labPaths(labs: string, name: string): LabPaths {
  const directory = join(labs, name);
  return {
    name,
    directory,
    lock: join(labs, `${name}.lock`),
    ending: join(directory, 'ending'),
    namespaces: join(directory, 'ns'),
    pods: join(directory, 'pods'),
    resolvConf: (uid) => join(directory, 'pods', `${uid}${resolvConfSuffix}`),
    logs: join(directory, 'log'),
    bgp: { nodes: join(directory, 'bgp', 'nodes'), router: join(directory, 'bgp', 'router') },
    log: (role) => join(directory, 'log', `${role}.log`),
    credentials: join(directory, 'credentials'),
    kubeconfig: join(directory, 'kubeconfig'),
    ownKubeconfig: (role) => join(directory, 'credentials', `${role}.kubeconfig`),
    nodeTokens: join(directory, 'credentials', 'nodes.json'),
    accountToken: (account) => join(directory, 'credentials', 'tokens', account),
    audit: join(directory, 'log', 'audit.log'),
    cni: join(directory, 'cni'),
    domains: join(directory, 'domains'),
    store: join(directory, 'store.db'),
    options: join(directory, 'lab.json'),
    processes: join(directory, 'processes.json'),
    socket: (of) => join(directory, `${of}.sock`),
    metrics: (role) => join(directory, `${role}-metrics.sock`),
    serving: (role) => join(directory, 'serving', role),
    roleLock: (role) => join(directory, `${role}.lock`),
  };
}
