import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { findBird } from '../../src/drivers/bgp/bird/bird.ts';
import { findFrr } from '../../src/drivers/bgp/frr/frr.ts';
import { createProcesses } from '../../src/drivers/process/processes.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { messageOf } from '../../src/lib/errors.ts';
import { pinOf } from '../netns/processes.ts';
import type { TestLab } from './lab.ts';

/** Why nobody can speak BGP here; false where somebody can. */
export function cannotSpeakBgp(): string | false {
  const whyNot = [findBird, () => findFrr('bgpd')].map((find) => {
    try {
      find();
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  });
  return whyNot.includes(undefined) ? false : whyNot.join('; ');
}

function run(command: string, ...args: string[]): string {
  return spawnSync(command, args, { encoding: 'utf8' }).stdout;
}

/** A lab's router as its operator sees it: by the daemon's own shell, and by `ip route`. */
export interface Router {
  /** The addresses of the next hops that the kernel has for a prefix, in order. */
  nextHops(prefix: string): string[];
  /** What the daemon says of a prefix: communities `64500:1`, preferences `localpref 100`, whichever daemon it is. */
  shows(prefix: string): string;
}

export function routerOf(lab: TestLab): Router {
  const folder = join(openLabs().control.paths(lab.name).bgp.router, 'router');
  return {
    nextHops(prefix) {
      const family = prefix.includes(':') ? '-6' : '-4';
      const routes = run('nsenter', `--net=${pinOf(lab, 'router')}`, 'ip', family, 'route', 'show', prefix);
      const learned = routes.split(/\n(?=\S)/).filter((route) => !route.startsWith('unreachable'));
      return [...learned.join('\n').matchAll(/via (\S+)/g)].map(([, hop = '']) => hop).toSorted();
    },
    shows(prefix) {
      const bird = join(folder, 'bird.ctl');
      if (!existsSync(bird)) {
        const family = prefix.includes(':') ? 'ipv6' : 'ipv4';
        return run('vtysh', '--vty_socket', folder, '-c', `show bgp ${family} unicast ${prefix}`);
      }
      const told = run('birdc', '-s', bird, 'show', 'route', prefix, 'all');
      return told
        .replaceAll(/\((\d+),\s*(\d+)\)/g, '$1:$2')
        .replaceAll(/\((\d+),\s*(\d+),\s*(\d+)\)/g, '$1:$2:$3')
        .replaceAll('BGP.local_pref: ', 'localpref ');
    },
  };
}

/** Processes of the lab's routing daemons: of a node, or of all of them. */
export function daemonsOf(lab: TestLab, node?: string): number[] {
  const { nodes, router } = openLabs().control.paths(lab.name).bgp;
  const folders = node === undefined ? [`${nodes}/`, `${router}/`] : [`${nodes}/${node}/`];
  return createProcesses({ clock: systemClock })
    .find((args) => args.some((arg) => folders.some((folder) => arg.startsWith(folder))))
    .map(({ record }) => record.pid);
}

/** Whether a node's daemon says that it has a session. */
export function hasSession(lab: TestLab, node: string): boolean {
  const folder = join(openLabs().control.paths(lab.name).bgp.nodes, node);
  const bird = join(folder, 'bird.ctl');
  if (existsSync(bird)) return run('birdc', '-s', bird, 'show', 'protocols').includes('Established');
  return run('vtysh', '--vty_socket', folder, '-c', 'show bgp neighbors').includes('BGP state = Established');
}
