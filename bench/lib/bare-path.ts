import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetworkNamespaces } from '../../src/kernel/netns/real.ts';

/** Two machines that reach each other by what the kernel does alone: links and routes, made with `ip`, and no rules. */
export interface BarePath {
  readonly ends: readonly BareEnd[];
  remove(): void;
}

export interface BareEnd {
  /** Where its namespace can be entered. */
  readonly path: string;
  readonly address: string;
}

/**
 * What is between the nodes. `switched`: a bridge, over which the nodes have a VXLAN device each. `routed`: a machine that
 * routes, and so passes packets on once more than the nodes do.
 */
export type Middle = 'switched' | 'routed';

/** pod-1 and node-1 have 10.9.1.0/24, and so on; node-N is 192.0.2.N on its side of the middle. */
const ordinals = [1, 2] as const;
const pod = (ordinal: number): string => `10.9.${ordinal}.2`;
const node = (ordinal: number): string => `192.0.2.${ordinal}`;
/** Of every pod, and of every node where the middle routes. */
const [gateway, router] = ['169.254.1.1', '169.254.2.1'];
/** VXLAN costs 50 of the 1,500 bytes. */
const mtuOf = { switched: 1450, routed: 1500 } as const satisfies Record<Middle, number>;

/** Pod, node, middle, node, pod: as many namespaces, links and routed hops as between pods of two nodes of a lab. */
export function createBarePath(middle: Middle): BarePath {
  const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const namespaces = createNetworkNamespaces({ directory });
  const names = ['middle', ...ordinals.flatMap((ordinal) => [`pod-${ordinal}`, `node-${ordinal}`])];
  const pathOf = (name: string): string => join(directory, name);
  const remove = (): void => {
    for (const name of namespaces.list()) namespaces.delete(name);
    namespaces.close();
    rmSync(directory, { recursive: true });
  };
  try {
    for (const name of names) namespaces.create(name);
    if (middle === 'switched') ip(pathOf('middle'), ['link add br0 type bridge', 'link set br0 up']);
    for (const ordinal of ordinals) connect({ ordinal, middle, pathOf });
    for (const name of names.filter((one) => !one.startsWith('pod'))) forward(pathOf(name));
    return {
      ends: ordinals.map((ordinal) => ({ path: pathOf(`pod-${ordinal}`), address: pod(ordinal) })),
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

interface Side {
  readonly ordinal: 1 | 2;
  readonly middle: Middle;
  readonly pathOf: (name: string) => string;
}

function connect({ ordinal, middle, pathOf }: Side): void {
  const [podPath, nodePath, far] = [pathOf(`pod-${ordinal}`), pathOf(`node-${ordinal}`), 3 - ordinal];
  const mtu = mtuOf[middle];
  ip(nodePath, [
    `link add pod mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns ${podPath}`,
    'link set pod up',
    `address add ${gateway}/32 dev pod`,
    `route add ${pod(ordinal)}/32 dev pod`,
    `link add eth0 type veth peer name node-${ordinal} netns ${pathOf('middle')}`,
    'link set eth0 up',
    `address add ${node(ordinal)}/32 dev eth0`,
  ]);
  ip(podPath, [
    'link set eth0 up',
    `address add ${pod(ordinal)}/32 dev eth0`,
    `route add ${gateway}/32 dev eth0`,
    `route add default via ${gateway} dev eth0`,
  ]);
  const [there, here] = middle === 'switched' ? switched(ordinal, far) : routed(ordinal, far);
  ip(pathOf('middle'), [`link set node-${ordinal} up`, ...there]);
  ip(nodePath, here);
}

/** What is done in the middle, and on the node. */
type Steps = readonly [middle: readonly string[], node: readonly string[]];

function switched(ordinal: number, far: number): Steps {
  const tunnel = `type vxlan id 4096 dstport 4789 local ${node(ordinal)} remote ${node(far)} dev eth0`;
  return [
    [`link set node-${ordinal} master br0`],
    [
      `route add ${node(far)}/32 dev eth0`,
      `link add vxlan mtu ${mtuOf.switched} ${tunnel}`,
      'link set vxlan up',
      `address add 198.18.0.${ordinal}/24 dev vxlan`,
      `route add ${pod(far)}/32 via 198.18.0.${far} dev vxlan`,
    ],
  ];
}

function routed(ordinal: number, far: number): Steps {
  return [
    [
      `address add ${router}/32 dev node-${ordinal}`,
      `route add ${node(ordinal)}/32 dev node-${ordinal}`,
      `route add ${pod(ordinal)}/32 via ${node(ordinal)} dev node-${ordinal}`,
    ],
    [`route add ${router}/32 dev eth0`, `route add ${pod(far)}/32 via ${router} dev eth0 onlink`],
  ];
}

function ip(namespacePath: string, steps: readonly string[]): void {
  run(namespacePath, { program: ['ip', '-batch', '-'], input: steps.join('\n') });
}

function forward(namespacePath: string): void {
  run(namespacePath, { program: ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'], input: '' });
}

function run(namespacePath: string, { program, input }: { program: readonly string[]; input: string }): void {
  const { status, stderr } = spawnSync('nsenter', [`--net=${namespacePath}`, ...program], {
    input,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${program.join(' ')}: ${stderr}\n${input}`);
}
