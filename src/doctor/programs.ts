import { limited, missing, ok, type Finding } from './finding.ts';
import type { Machine } from './port.ts';

const oldestNode = [24, 15] as const;
const oldestKubectlMinor = 27;

/** The machine itself, the runtime, and the libraries and programs that labs load and start. */
export async function checkPrograms(machine: Machine): Promise<Finding[]> {
  return [
    checkSystem(machine),
    checkNode(machine),
    checkLibrary(machine, 'libc.so.6', { hint: 'use a system with glibc', debian: 'libc6', fedora: 'glibc' }),
    checkLibrary(machine, 'libnftables.so.1', {
      hint: 'install libnftables',
      debian: 'libnftables1',
      fedora: 'nftables',
    }),
    ...(await Promise.all(['unshare', 'nsenter'].map((program) => checkUtil(machine, program)))),
    await checkKubectl(machine),
    await checkRouting(machine),
  ];
}

function checkSystem({ platform, architecture, read }: Machine): Finding {
  const release = read('/proc/sys/kernel/osrelease')?.trim() ?? 'unknown';
  const found = `${platform} ${release}, ${architecture}`;
  const isGood = platform === 'linux' && ['x64', 'arm64'].includes(architecture);
  const hint = 'labs are made of Linux network namespaces: run them in a VM, on x86-64 or arm64';
  return isGood ? ok('system', found) : missing('system', found, { hint });
}

function checkNode({ nodeVersion }: Machine): Finding {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const isGood = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (isGood) return ok('node', nodeVersion);
  return missing('node', `${nodeVersion} is older than ${oldestNode.join('.')}`, {
    hint: 'start ./weft, which brings its own, or install it with tools/setup',
  });
}

function checkLibrary(
  machine: Machine,
  library: 'libc.so.6' | 'libnftables.so.1',
  remedy: Parameters<typeof missing>[2],
): Finding {
  const why = machine.whyNotLoaded(library);
  return why === undefined ? ok(library, 'loads') : missing(library, why, remedy);
}

async function checkUtil(machine: Machine, program: string): Promise<Finding> {
  const result = await machine.run(program, '--version');
  if (result !== undefined) return ok(program, result.out.trim());
  const remedy = { hint: 'install util-linux', debian: 'util-linux', fedora: 'util-linux' };
  return missing(program, 'is not installed', remedy);
}

async function checkKubectl(machine: Machine): Promise<Finding> {
  const remedy = {
    hint: 'see https://kubernetes.io/docs/tasks/tools; the packages of distributions may be too old',
    debian: 'kubectl from pkgs.k8s.io',
    fedora: 'kubernetes-client',
  };
  const result = await machine.run('kubectl', 'version', '--client', '-o', 'json');
  if (result === undefined) return limited('kubectl', 'is not installed: only needed to use it', remedy);
  const version = /"gitVersion": *"([^"]+)"/.exec(result.out)?.[1] ?? 'of unknown version';
  const minor = Number(/^v1\.(\d+)/.exec(version)?.[1] ?? 0);
  if (minor >= oldestKubectlMinor) return ok('kubectl', version);
  return limited('kubectl', `${version}: 1.${oldestKubectlMinor} or newer is supported`, remedy);
}

/** Where distributions put routing daemons; users' paths seldom lead there. */
const routingDaemons = ['/usr/sbin/bird', '/usr/lib/frr/bgpd', '/usr/libexec/frr/bgpd'];

async function checkRouting(machine: Machine): Promise<Finding> {
  const found: string[] = [];
  for (const program of routingDaemons) {
    const result = await machine.run(program, '--version');
    const [first] = (result === undefined ? '' : result.out || result.err).split('\n');
    if (first !== undefined && first !== '') found.push(first.trim());
  }
  if (found.length > 0) return ok('bgp', found.join(', '));
  return limited('bgp', 'no routing daemon is installed: nobody speaks with BGPPeers', {
    hint: 'install BIRD 2 or FRR; their services need not run',
    debian: 'bird2',
    fedora: 'bird',
  });
}
