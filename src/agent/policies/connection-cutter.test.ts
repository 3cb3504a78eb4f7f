/**
 *     client 10.244.0.1 (class 1), server 10.244.0.2: pods of this node    far 10.244.1.9 (class 2): of another
 *     172.20.1.1 the node itself    10.96.0.1:80 a Service, to server:8080
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeConntrack } from '../../kernel/conntrack/fake.ts';
import type { ConntrackEntry } from '../../kernel/conntrack/port.ts';
import type { DirectionPolicy, PodPolicy } from '../../model/policy/port.ts';
import type { PortSet } from '../../model/policy/port-set.ts';
import { cutMark } from '../../plan/policy/skeleton.ts';
import { cutConnections } from './connection-cutter.ts';

const [client, server, far, node, service] = [
  '10.244.0.1',
  '10.244.0.2',
  '10.244.1.9',
  '172.20.1.1',
  '10.96.0.1',
];
const classes: Readonly<Record<string, number>> = { [client]: 1, [far]: 2 };
/** Of an address that had a domain name. */
const named = '203.0.113.10';
const otherBits = 0x8001;

const open: DirectionPolicy = {
  isolatedBy: [],
  anywhere: [],
  classes: new Map(),
  ranges: [],
  rangesOfClasses: new Map(),
};
const shut: DirectionPolicy = { ...open, isolatedBy: ['default/p'] };
const only = (peerClass: number, ports: PortSet = 'all'): DirectionPolicy => ({
  ...shut,
  classes: new Map([[peerClass, ports]]),
});

interface Ends {
  readonly from?: string;
  /** What the client asked for, when that is not the server itself. */
  readonly by?: string;
  readonly to?: string;
  /** Whom the server sees, when that is not the client. */
  readonly as?: string;
  readonly protocol?: ConntrackEntry['protocol'];
  readonly mark?: number;
}

function connection(ends: Ends = {}): ConntrackEntry {
  const { from = client, to = server, by = to, as = from, protocol = 'tcp', mark = 0 } = ends;
  const ports = { sourcePort: 40_000, destinationPort: by === to ? 8080 : 80 };
  return {
    protocol,
    original: { source: from, destination: by, ...ports },
    reply: { source: to, destination: as, sourcePort: 8080, destinationPort: 40_000 },
    mark: mark | otherBits,
    status: 0,
  };
}

/** Whether the connection carries the cut mark after the policies were looked at. */
function isCut(
  entry: ConntrackEntry,
  policies: { client?: Partial<PodPolicy>; server?: Partial<PodPolicy> },
  judged: readonly string[] = [client, server, far],
): boolean {
  const conntrack = createFakeConntrack();
  conntrack.track('node', entry);
  const local = new Map<string, PodPolicy>([
    [client, { ingress: open, egress: open, ...policies.client }],
    [server, { ingress: open, egress: open, ...policies.server }],
  ]);
  const directory = {
    localPolicy: (address: string) => local.get(address),
    classAt: (address: string) => classes[address] ?? 0,
    isResident: (address: string) => address === node,
    wasNamed: (ends: { client: string; server: string }) => ends.client === client && ends.server === named,
  };
  const steps = cutConnections({ conntrack, netns: 'node', families: ['IPv4'], directory }, new Set(judged));
  const changed = [...steps].reduce((sum, one) => sum + one, 0);
  const [after] = conntrack.list('node', 'ip');
  assert.equal((after?.mark ?? 0) & 0xffff, otherBits, 'bits that are not ours are left alone');
  const isMarked = ((after?.mark ?? 0) & cutMark) !== 0;
  assert.equal(changed, isMarked === ((entry.mark & cutMark) !== 0) ? 0 : 1, 'only what differs is changed');
  return isMarked;
}

const cases: readonly { name: string; cut: boolean; of: () => boolean }[] = [
  { name: 'nobody is isolated', cut: false, of: () => isCut(connection(), {}) },
  {
    name: 'the server lets the client’s class in',
    cut: false,
    of: () => isCut(connection(), { server: { ingress: only(1) } }),
  },
  {
    name: 'the server lets another class in',
    cut: true,
    of: () => isCut(connection(), { server: { ingress: only(2) } }),
  },
  {
    name: 'the server lets the class in on another port',
    cut: true,
    of: () =>
      isCut(connection(), { server: { ingress: only(1, [{ protocol: 'TCP', first: 9090, last: 9090 }]) } }),
  },
  {
    name: 'the port is open for the other protocol only',
    cut: true,
    of: () =>
      isCut(connection({ protocol: 'udp' }), {
        server: { ingress: only(1, [{ protocol: 'TCP', first: 8080, last: 8080 }]) },
      }),
  },
  {
    name: 'the client may send to nobody',
    cut: true,
    of: () => isCut(connection({ to: far }), { client: { egress: shut } }),
  },
  {
    name: 'the server had a name that the client may send to',
    cut: false,
    of: () => isCut(connection({ to: named }), { client: { egress: shut } }),
  },
  {
    name: 'the client may send to the class behind the Service',
    cut: false,
    of: () =>
      isCut(connection({ by: service, to: far }), {
        client: { egress: only(2, [{ protocol: 'TCP', first: 8080, last: 8080 }]) },
      }),
  },
  {
    name: 'the port is the endpoint’s, not the Service’s',
    cut: true,
    of: () =>
      isCut(connection({ by: service, to: far }), {
        client: { egress: only(2, [{ protocol: 'TCP', first: 80, last: 80 }]) },
      }),
  },
  {
    name: 'the server sees a masqueraded client, which is no pod',
    cut: true,
    of: () => isCut(connection({ from: far, as: '172.20.1.2' }), { server: { ingress: only(2) } }),
  },
  {
    name: 'the server sees its own node',
    cut: false,
    of: () => isCut(connection({ from: far, as: node }), { server: { ingress: shut } }),
  },
  {
    name: 'the client talks to its own node',
    cut: false,
    of: () => isCut(connection({ to: node }), { client: { egress: shut } }, [client]),
  },
  {
    name: 'a pod talks to itself through its Service',
    cut: false,
    of: () =>
      isCut(connection({ from: server, by: service, to: server, as: node }), {
        server: { ingress: shut, egress: shut },
      }),
  },
  {
    name: 'the sender is another node’s: its egress is judged there',
    cut: false,
    of: () => isCut(connection({ from: far }), { client: { egress: shut } }),
  },
  {
    name: 'an echo, which has no ports to judge',
    cut: false,
    of: () => isCut(connection({ protocol: 'icmp' }), { server: { ingress: shut } }),
  },
  {
    name: 'neither end is asked about',
    cut: false,
    of: () => isCut(connection(), { server: { ingress: shut } }, [far]),
  },
  {
    name: 'it is cut already',
    cut: true,
    of: () => isCut(connection({ mark: cutMark }), { server: { ingress: shut } }),
  },
  {
    name: 'it was cut and is allowed again',
    cut: false,
    of: () => isCut(connection({ mark: cutMark }), { server: { ingress: only(1) } }),
  },
];

for (const { name, cut, of } of cases) {
  test(`a connection is ${cut ? 'cut' : 'left alone'} when ${name}`, () => assert.equal(of(), cut));
}
