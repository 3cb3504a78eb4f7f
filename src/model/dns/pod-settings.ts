import type { Pod, PodDNSConfig } from '../../api/types/core.ts';
import { formatResolvConf, parseResolvConf, type ResolverSettings } from './resolv-conf.ts';

/** A pod's resolver settings and the text of its /etc/resolv.conf. */
export interface PodResolvConf extends ResolverSettings {
  readonly text: string;
}

export interface ResolvConfOptions {
  /** Address of the cluster DNS Service: kubelet's `clusterDNS`. */
  readonly clusterDns: string;
  /** kubelet's `clusterDomain`. */
  readonly zone: string;
  /** Text of the node's own resolv.conf; empty for a node that has none. */
  readonly nodeResolvConf: string;
}

/** What an API server accepts and kubelet cuts to (its package validation); longer lists lose their ends. */
const limits = { nameservers: 3, searches: 32, searchLetters: 2048, searchDomainLetters: 253 } as const;
const clusterOptions = ['ndots:5'] as const;

/**
 * The resolver settings that kubelet gives a pod's containers (its package network/dns):
 *
 *     ClusterFirst (default)     the cluster DNS, its search list before the node's, ndots:5
 *     ... of a hostNetwork pod   the node's; ClusterFirstWithHostNet is for those that want the cluster's
 *     Default                    the node's
 *     None                       nothing but dnsConfig
 *
 * `dnsConfig` is added to all of them; its options replace those of the same name.
 */
export function resolvConfOf(pod: Pod, options: ResolvConfOptions): PodResolvConf {
  const base = baseOf(pod, options);
  const settings = withinLimits(withConfig(base, pod.spec.dnsConfig));
  return { ...settings, text: formatResolvConf(settings) };
}

function baseOf(
  { metadata, spec }: Pod,
  { clusterDns, zone, nodeResolvConf }: ResolvConfOptions,
): ResolverSettings {
  const policy = spec.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'None') return { nameservers: [], searches: [], options: [] };
  if (policy === 'Default' || (policy === 'ClusterFirst' && spec.hostNetwork === true))
    return nodeSettings(nodeResolvConf);
  const own = [`${metadata.namespace ?? 'default'}.svc.${zone}`, `svc.${zone}`, zone];
  const searches = [...new Set([...own, ...parseResolvConf(nodeResolvConf).searches])];
  return { nameservers: [clusterDns], searches, options: clusterOptions };
}

/** A node without resolver settings: the local machine is asked, and names are not completed. */
function nodeSettings(nodeResolvConf: string): ResolverSettings {
  if (nodeResolvConf === '') return { nameservers: ['127.0.0.1'], searches: ['.'], options: [] };
  return parseResolvConf(nodeResolvConf);
}

function withConfig(base: ResolverSettings, config: PodDNSConfig | undefined): ResolverSettings {
  if (config === undefined) return base;
  const options = new Map(base.options.map((option) => [nameOf(option), option]));
  for (const { name = '', value = '' } of config.options ?? []) {
    options.set(name, value === '' ? name : `${name}:${value}`);
  }
  return {
    nameservers: [...new Set([...base.nameservers, ...(config.nameservers ?? [])])],
    searches: [...new Set([...base.searches, ...(config.searches ?? [])])],
    options: [...options.values()],
  };
}

function nameOf(option: string): string {
  return option.split(':', 1)[0] ?? '';
}

function withinLimits({ nameservers, searches, options }: ResolverSettings): ResolverSettings {
  const kept = searches
    .slice(0, limits.searches)
    .filter((domain) => domain.length <= limits.searchDomainLetters);
  while (kept.join(' ').length > limits.searchLetters) kept.pop();
  return { nameservers: nameservers.slice(0, limits.nameservers), searches: kept, options };
}

/** Dots that a name needs to be tried as it is first: resolv.conf(5). */
const defaultDots = 1;
const mostDots = 15;
const longestName = 253;

/**
 * The absolute names, without the final dot, that a resolver tries for `name`, in order and until one answers:
 * as it is first when it has `ndots` dots, else after the search list (glibc; musl does not search at all for
 * a name with that many dots). A final dot means just that name. Names that would be too long are not tried.
 */
export function candidates(name: string, settings: ResolverSettings): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const searched = settings.searches.map((domain) =>
    domain === '.' ? name : `${name}.${domain.replace(/\.$/, '')}`,
  );
  const enough = name.split('.').length - 1 >= dotsOf(settings);
  const tried = enough ? [name, ...searched] : [...searched, name];
  return [...new Set(tried)].filter((candidate) => candidate.length <= longestName);
}

/** The last `ndots` counts; one that is no number is none, and 15 is the most (resolv.conf(5)). */
function dotsOf({ options }: ResolverSettings): number {
  const last = options.findLast((option) => /^ndots:\d+$/.test(option));
  return last === undefined ? defaultDots : Math.min(Number(last.slice('ndots:'.length)), mostDots);
}
