import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { createConntrack } from '../../src/kernel/conntrack/conntrack.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { createRouteNetlink } from '../../src/kernel/route/real.ts';
import { readProcessFile } from '../../src/lab/process-file.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { policySets, policyTables } from '../../src/plan/policy/skeleton.ts';
import { podLinkName } from '../../src/plan/links/node.ts';
import { places, type TestLab } from '../support/lab.ts';

/** IPS_SEEN_REPLY. A late packet of the other end may make a new entry, which opens nothing before it is answered. */
const seenReply = 2;

/** Everything that anywhere in the lab still knows a pod, one line each: nothing, once the pod is gone. */
export function tracesOf(lab: TestLab, { uid, address }: { uid: string; address: string }): string[] {
  const { namespaces } = lab;
  const kernel = {
    route: createRouteNetlink({ namespaces }),
    nft: createNftables({ namespaces }),
    conntrack: createConntrack({ namespaces }),
  };
  const traces: string[] = [];
  try {
    if (namespaces.list().includes(`pod-${uid}`)) traces.push('namespace');
    if (existsSync(openLabs().control.paths(lab.name).resolvConf(uid))) traces.push('files');
    for (const { name } of places) {
      const netns = nodeNetns(name);
      const state = kernel.route.dump(netns);
      if (state.links.has(podLinkName(uid))) traces.push(`${name} link`);
      if (state.routes.some(({ destination }) => destination === `${address}/32`))
        traces.push(`${name} route`);
      for (const [set, type] of Object.entries(policySets.IPv4)) {
        const elements = kernel.nft.elements(netns, { ...policyTables.IPv4, set }, type);
        if (elements.some(({ key }) => key.includes(address))) traces.push(`${name} set ${set}`);
      }
      const entries = kernel.conntrack.list(netns, 'ip').filter(({ status }) => (status & seenReply) !== 0);
      if (entries.some(({ original, reply }) => [original, reply].some((it) => it.source === address))) {
        traces.push(`${name} connection`);
      }
    }
  } finally {
    kernel.route.close();
    kernel.nft.close();
    kernel.conntrack.close();
  }
  return traces;
}

/** How many namespaces the lab's processes keep alive: by their mounts, descriptors and threads. */
export function namespacesHeld(lab: TestLab): number {
  const nsfs = statSync('/proc/self/ns/net').dev;
  const held = new Set<number>();
  const records = Object.values(readProcessFile(openLabs().control.paths(lab.name).processes));
  for (const { pid } of records) {
    for (const line of readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n')) {
      const inode = / net:\[(\d+)\] /.exec(line)?.[1];
      if (inode !== undefined) held.add(Number(inode));
    }
    // By what they are: the link of a descriptor whose mount is gone does not tell.
    const files = [...entriesOf(`/proc/${pid}/fd`), ...entriesOf(`/proc/${pid}/task`, 'ns/net')];
    for (const file of files) {
      const found = statSync(file, { throwIfNoEntry: false });
      if (found?.dev === nsfs) held.add(found.ino);
    }
  }
  return held.size;
}

function entriesOf(directory: string, below = ''): string[] {
  return readdirSync(directory).map((name) => join(directory, name, below));
}
