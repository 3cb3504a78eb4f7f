import { WeftError } from '../../lib/errors.ts';

/**
 * The components of a key: dots separate, and a slash stands for a dot inside a name, as in sysctl(8):
 * `net.ipv4.conf.eth0/1.rp_filter`. Undefined for a key that no file below /proc/sys can have.
 */
export function keyComponents(key: string): readonly string[] | undefined {
  const parts = key.split('.').map((part) => part.replaceAll('/', '.'));
  const good = parts.every((part) => /^[^\0]+$/.test(part) && part !== '.' && part !== '..');
  return good ? parts : undefined;
}

/** Whether the key may belong to a network namespace: all others are the whole machine's. */
export function isNetworkKey(components: readonly string[]): boolean {
  return components[0] === 'net' && components.length > 1;
}

export function sysctlMissing(namespace: string, key: string): WeftError {
  const hint = 'The kernel may lack the module, or the link, that the key belongs to.';
  const message = `sysctl ${key} does not exist in network namespace ${namespace}`;
  return new WeftError('sysctl-missing', message, { hint, fault: 'environment' });
}

/** Without a value: the key cannot be read. */
export function sysctlRefused(
  namespace: string,
  { key, value }: { key: string; value?: string },
  cause?: unknown,
): WeftError {
  const what = value === undefined ? 'be read' : `be set to ${JSON.stringify(value)}`;
  const hint = 'Writing needs root; some keys can be set outside network namespaces only.';
  const message = `sysctl ${key} cannot ${what} in network namespace ${namespace}`;
  return new WeftError('sysctl-refused', message, { hint, fault: 'environment', cause });
}
