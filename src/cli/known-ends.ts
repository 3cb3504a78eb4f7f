import { isClusterDns } from '../analysis/cluster-dns.ts';
import { endMatcher } from '../analysis/reach/focus.ts';
import { entityName } from '../analysis/reach/groups.ts';
import { nearest } from '../api/validate/suggest.ts';
import { WeftError } from '../lib/errors.ts';
import type { Cluster } from '../model/cluster.ts';

interface AskedAbout {
  readonly from?: string;
  readonly to?: string;
  readonly namespace?: string;
  readonly pods: boolean;
}

/**
 * Throws `end-unknown` where the question is about pods or a namespace that are not there: the answer would be that nobody
 * reaches them, whatever the policies say.
 */
export function requireEnds(cluster: Cluster, { from, to, namespace, pods }: AskedAbout): void {
  const level = pods ? 'pod' : 'workload';
  const all = [...cluster.pods].map(([key, pod]) => ({
    name: entityName(key, pod, level),
    isOfSystem: isClusterDns(pod),
  }));
  const known = new Set(all.filter(({ isOfSystem }) => !isOfSystem).map(({ name }) => plain(name)));
  for (const [option, pattern] of Object.entries({ from, to })) {
    if (pattern === undefined || !isOfPods(pattern)) continue;
    const isMeant = endMatcher(pattern);
    if (all.some(({ name }) => isMeant(name))) continue;
    throw unknown(`--${option} ${pattern}: there is no such ${level}`, pattern, [...known]);
  }
  const inUse = [...known].map((name) => name.split('/', 1)[0] ?? '');
  const namespaces = [...new Set([...inUse, ...cluster.namespaces.keys()])];
  if (namespace === undefined || namespaces.includes(namespace) || namespace === 'kube-system') return;
  throw unknown(`--namespace ${namespace}: nothing is in it`, namespace, namespaces);
}

/** Other ends are machines, addresses, prefixes, and further interfaces of pods. */
const isOfPods = (pattern: string): boolean => /^[^:@/]*[^:@/0-9.][^:@/]*\/[^@]*$/.test(pattern);

const plain = (name: string): string => name.replace(/\[\w+\]$/, '');

const mostShown = 5;

function unknown(message: string, asked: string, known: readonly string[]): WeftError {
  const meant = nearest(asked, known);
  const some = known.length === 0 ? 'none' : known.toSorted().slice(0, mostShown).join(', ');
  const hint = meant === undefined ? `there are ${some}` : `did you mean ${meant}?`;
  return new WeftError('end-unknown', message, { fault: 'input', hint });
}
