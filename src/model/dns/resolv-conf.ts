/** What a stub resolver is told: the content of a resolv.conf. Options are written `ndots:5` or `rotate`. */
export interface ResolverSettings {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/**
 * Reads a resolv.conf as kubelet does: nameservers add up, of `search` and `options` lines the last one counts,
 * the final dot of a search domain is dropped. Lines without a meaning are skipped.
 */
export function parseResolvConf(text: string): ResolverSettings {
  const nameservers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) nameservers.push(values[0]);
    else if (keyword === 'search') searches = values.map((value) => value.replace(/(?<=.)\.$/, ''));
    else if (keyword === 'options') options = values;
  }
  return { nameservers, searches, options };
}

/** Writes a resolv.conf in the order in which container runtimes do; empty settings are an empty file. */
export function formatResolvConf({ nameservers, searches, options }: ResolverSettings): string {
  const lines = nameservers.map((server) => `nameserver ${server}\n`);
  if (searches.length > 0) lines.unshift(`search ${searches.join(' ')}\n`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}\n`);
  return lines.join('');
}
