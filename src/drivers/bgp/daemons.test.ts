import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNetworkNamespaces } from '../../kernel/netns/real.ts';
import type { RouteOperation } from '../../kernel/route/port.ts';
import { createRouteNetlink } from '../../kernel/route/real.ts';
import { createSysctl } from '../../kernel/sysctl/real.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import { createProcesses } from '../process/processes.ts';
import { createBird, findBird } from './bird/bird.ts';
import {
  daemonsCompliance,
  eventually,
  link,
  route,
  toNode,
  toRouter,
  type DaemonsUnderTest,
} from './daemons.compliance.ts';
import { createFakeBgpDaemons, createFakeBgpNetwork } from './fake.ts';
import { createFrr, findFrr } from './frr/frr.ts';
import type { DaemonOptions } from './kept-programs.ts';
import type { BgpDaemons } from './port.ts';

const kinds = {
  bird: { create: createBird, find: findBird },
  frr: { create: createFrr, find: () => findFrr('bgpd') },
} as const;
type Kind = keyof typeof kinds;

/** Why daemons of these kinds cannot be tried here; false where they can. */
function cannotRun(...wanted: readonly Kind[]): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    for (const kind of wanted) kinds[kind].find();
    return false;
  } catch (error) {
    return messageOf(error);
  }
}

interface Network {
  readonly under: DaemonsUnderTest;
  /** Ends the node's daemons without a word to their neighbours, as a crash does. */
  readonly crash: () => void;
  /** Daemons of the node as another process of Weft would have them, which has only just started. */
  readonly successor: () => BgpDaemons;
  /** Processes of the node's daemons. */
  readonly processes: () => readonly number[];
}

function createNetwork(node: Kind, router: Kind): Network {
  const directory = mkdtempSync(join(tmpdir(), 'weft-bgp-'));
  const pins = join(directory, 'ns');
  const namespaces = createNetworkNamespaces({ directory: pins });
  const rtnetlink = createRouteNetlink({ namespaces });
  const sysctl = createSysctl({ namespaces });
  const processes = createProcesses({ clock: systemClock });
  const optionsOf = (place: string): DaemonOptions => ({
    directory: join(directory, place),
    processes,
    clock: systemClock,
    log: silentLog,
  });
  const apply = (netns: string, operations: readonly RouteOperation[]): void =>
    assert.deepEqual(rtnetlink.apply(netns, operations), []);
  for (const name of ['node', 'router']) {
    namespaces.create(name);
    sysctl.write(name, { 'net.ipv6.conf.default.accept_dad': '0' });
  }
  apply('router', [
    { action: 'add-link', link: { kind: 'veth', name: 'eth0', peer: { name: 'eth0', namespace: 'node' } } },
  ]);
  apply('node', [{ action: 'set-link', link: { kind: 'veth-peer', name: 'eth0' } }]);
  for (const name of ['node', 'router'] as const) {
    const { IPv4, IPv6 } = link[name];
    apply(name, [
      { action: 'add-address', address: { link: 'eth0', address: `${IPv4}/24` } },
      { action: 'add-address', address: { link: 'eth0', address: `${IPv6}/64` } },
    ]);
  }
  const placeOf = (name: string): { name: string; netns: string } => ({ name, netns: join(pins, name) });
  const under: DaemonsUnderTest = {
    node: placeOf('node'),
    router: placeOf('router'),
    daemons: kinds[node].create(optionsOf('of-node')),
    others: kinds[router].create(optionsOf('of-router')),
    async close() {
      await under.daemons.stop(under.node);
      await under.others.stop(under.router);
      rtnetlink.close();
      for (const name of namespaces.list()) namespaces.delete(name);
      namespaces.close();
      rmSync(directory, { recursive: true });
    },
  };
  const found = (): number[] =>
    processes
      .find((args) => args.some((arg) => arg.startsWith(join(directory, 'of-node'))))
      .map(({ record }) => record.pid)
      .toSorted((a, b) => a - b);
  return {
    under,
    processes: found,
    crash() {
      for (const pid of found()) process.kill(pid, 'SIGKILL');
    },
    successor: () => kinds[node].create(optionsOf('of-node')),
  };
}

for (const [node, router] of [
  ['bird', 'bird'],
  ['bird', 'frr'],
  ['frr', 'bird'],
] as const) {
  daemonsCompliance(`${node} on a node, ${router} on a router`, {
    skip: cannotRun(node, router),
    make: () => createNetwork(node, router).under,
  });
}

const prefix = '198.51.100.7/32';

/** Whether the router's daemon says so. */
function bfdUp({ router, others }: DaemonsUnderTest): () => Promise<boolean> {
  const folder = join(router.netns, '..', '..', 'of-router', router.name);
  const [command, ...args] =
    others.implementation === 'bird'
      ? ['birdc', '-s', join(folder, 'bird.ctl'), 'show', 'bfd', 'sessions']
      : ['vtysh', '--vty_socket', folder, '-c', 'show bfd peers brief'];
  return () => Promise.resolve(/\bup\b/i.test(spawnSync(command ?? '', args, { encoding: 'utf8' }).stdout));
}

for (const [node, router] of [
  ['bird', 'bird'],
  ['bird', 'frr'],
  ['frr', 'bird'],
] as const) {
  test(
    `${router} keeps the routes of a ${node} that crashes and comes back`,
    { skip: cannotRun(node, router) },
    async (t) => {
      const { under, crash, processes } = createNetwork(node, router);
      t.after(() => under.close());
      const learned = async (): Promise<string> =>
        (await under.others.learned(under.router)).map((one) => one.prefix).join();
      const established = (): Promise<boolean> =>
        under.daemons.sessions(under.node).then(
          ([session]) => session?.isEstablished === true,
          () => false,
        );
      await under.others.apply(under.router, toNode());
      await under.daemons.apply(under.node, toRouter([route(prefix)]));
      await eventually('the router learns', learned, (found) => found === prefix);
      const before = processes();
      crash();
      const isBack = eventually(
        'the daemon is back',
        established,
        (is) => is && !processes().some((pid) => before.includes(pid)),
      );
      const over = new AbortController();
      void isBack.finally(() => over.abort()).catch(() => {});
      let lost = 0;
      while (!over.signal.aborted) {
        if ((await learned()) !== prefix) lost += 1;
        await sleep(10);
      }
      await isBack;
      assert.equal(lost, 0);
    },
  );
}

for (const [node, router] of [
  ['bird', 'bird'],
  ['bird', 'frr'],
  ['frr', 'bird'],
] as const) {
  test(
    `${router} drops the routes of a ${node} that BFD finds silent, long before the hold time`,
    { skip: cannotRun(node, router) },
    async (t) => {
      const { under, processes } = createNetwork(node, router);
      t.after(() => under.close());
      const learned = async (): Promise<string> =>
        (await under.others.learned(under.router)).map((one) => one.prefix).join();
      const watched = {
        gracefulRestart: false,
        bfd: { receiveMs: 100, transmitMs: 100, multiplier: 3, passive: false },
      };
      const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
        for (const pid of processes()) process.kill(pid, name);
      };
      await under.others.apply(under.router, toNode(watched));
      await under.daemons.apply(under.node, toRouter([route(prefix)], watched));
      await eventually('the router learns', learned, (found) => found === prefix);
      await eventually('BFD has a session', bfdUp(under), (up) => up);
      signal('SIGSTOP');
      try {
        // The hold time is longer than this waits.
        await eventually('the router drops', learned, (found) => found === '');
      } finally {
        signal('SIGCONT');
      }
      await eventually('the router learns again', learned, (found) => found === prefix);
    },
  );
}

for (const kind of ['bird', 'frr'] as const) {
  test(
    `a ${kind} goes on without the process that started it, and its successor takes it over`,
    { skip: cannotRun('bird', kind) },
    async (t) => {
      const { under, processes, successor } = createNetwork(kind, 'bird');
      t.after(() => under.close());
      const learned = async (): Promise<string> =>
        (await under.others.learned(under.router))
          .map((one) => one.prefix)
          .toSorted()
          .join();
      await under.others.apply(under.router, toNode());
      await under.daemons.apply(under.node, toRouter([route(prefix)]));
      await eventually('the router learns', learned, (found) => found === prefix);
      const before = processes();
      under.daemons.release();
      const next = successor();
      await next.apply(under.node, toRouter([route('198.51.100.8/32')]));
      await eventually('the router learns what is new', learned, (found) => found === '198.51.100.8/32');
      assert.deepEqual(processes(), before);
      assert.equal((await next.sessions(under.node))[0]?.isEstablished, true);
      await next.stop(under.node);
      assert.deepEqual(processes(), []);
    },
  );
}

daemonsCompliance('fake daemons', {
  make() {
    const network = createFakeBgpNetwork({
      node: Object.values(link.node),
      router: Object.values(link.router),
    });
    const place = (name: string): { name: string; netns: string } => ({ name, netns: name });
    return {
      node: place('node'),
      router: place('router'),
      daemons: createFakeBgpDaemons(network),
      others: createFakeBgpDaemons(network),
      close: () => Promise.resolve(),
    };
  },
});
