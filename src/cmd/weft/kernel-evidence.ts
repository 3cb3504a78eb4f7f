import { createConntrack } from '../../kernel/conntrack/conntrack.ts';
import type { ConntrackEntry } from '../../kernel/conntrack/port.ts';
import { printRuleset } from '../../kernel/nft/print-ruleset.ts';
import { createNetworkNamespaces } from '../../kernel/netns/real.ts';
import { createRouteNetlink } from '../../kernel/route/real.ts';
import { createSysctl } from '../../kernel/sysctl/real.ts';
import type { Evidence } from '../../lab/bundle/evidence.ts';
import type { LabPaths } from '../../lab/paths.ts';
import { messageOf } from '../../lib/errors.ts';
import { pinsOf } from './connect-lab.ts';

/** Of pods, which are alike, so many suffice. */
const mostPods = 100;
const keys = [
  'net.netfilter.nf_conntrack_count',
  'net.netfilter.nf_conntrack_max',
  'net.ipv4.ip_forward',
  'net.ipv6.conf.all.forwarding',
] as const;

/**
 * What the kernel holds of a lab, namespace by namespace: rulesets, links, addresses, routes, neighbours, how many
 * connections of which kind. Throws `lab-down` where no process of the lab keeps its namespaces; what fails in one
 * namespace is said in its place.
 */
export function* kernelEvidence(paths: LabPaths): Generator<Evidence> {
  const namespaces = createNetworkNamespaces({ directory: pinsOf(paths) });
  const route = createRouteNetlink({ namespaces });
  const conntrack = createConntrack({ namespaces });
  const sysctl = createSysctl({ namespaces });
  const readers: Readonly<Record<string, (name: string) => string>> = {
    'nft.txt': (name) => printRuleset(namespaces, name),
    'network.json': (name) => toJson(stateOf(route.dump(name))),
    'connections.json': (name) =>
      toJson({
        ip: countsOf(conntrack.list(name, 'ip')),
        ip6: countsOf(conntrack.list(name, 'ip6')),
        sysctls: Object.fromEntries(keys.map((key) => [key, sysctl.read(name, key) ?? null])),
      }),
  };
  try {
    const names = namespaces.list();
    const pods = names.filter((name) => name.startsWith('pod-'));
    const others = names.filter((name) => !name.startsWith('pod-'));
    yield { path: 'kernel/namespaces.txt', text: names.map((name) => `${name}\n`).join('') };
    for (const name of [...others, ...pods.slice(0, mostPods)]) {
      for (const [file, read] of Object.entries(readers)) {
        yield { path: `kernel/${name}/${file}`, text: orWhy(() => read(name)) };
      }
      for (const what of [route, conntrack]) what.forget(name);
      namespaces.release(name);
    }
  } finally {
    route.close();
    conntrack.close();
    namespaces.close();
  }
}

function stateOf(state: ReturnType<ReturnType<typeof createRouteNetlink>['dump']>): object {
  return { ...state, links: [...state.links.values()] };
}

/** How many entries there are of each protocol. */
function countsOf(entries: readonly ConntrackEntry[]): Record<string, number> {
  const counts: Record<string, number> = { total: entries.length };
  for (const { protocol } of entries) counts[protocol] = (counts[protocol] ?? 0) + 1;
  return counts;
}

function orWhy(read: () => string): string {
  try {
    return read();
  } catch (error) {
    return `cannot be read: ${messageOf(error)}\n`;
  }
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
