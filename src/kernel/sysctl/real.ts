import { readFileSync, writeFileSync } from 'node:fs';
import type { NetworkNamespaces } from '../netns/port.ts';
import { isNetworkKey, keyComponents, sysctlMissing, sysctlRefused } from './key.ts';
import type { Sysctl } from './port.ts';

/**
 * Reads and writes /proc/sys inside namespaces: /proc/sys/net shows the namespace of the thread that opens it.
 * Writes of keys outside `net` are refused, for they would change the whole machine. Besides what the port says,
 * throws `netns-missing` for an unknown namespace, and `sysctl-refused` where a value cannot be read.
 */
export function createSysctl({ namespaces }: { readonly namespaces: NetworkNamespaces }): Sysctl {
  return {
    read(namespace, key) {
      return namespaces.inside(namespaces.open(namespace), () => readValue(namespace, key));
    },
    write(namespace, values) {
      const entries = Object.entries(values);
      if (entries.length === 0) return;
      namespaces.inside(namespaces.open(namespace), () => {
        for (const entry of entries) writeValue(namespace, entry);
      });
    },
  };
}

function readValue(namespace: string, key: string): string | undefined {
  const components = keyComponents(key);
  if (components === undefined) return undefined;
  try {
    return readFileSync(pathOf(components), 'utf8').trim();
  } catch (error) {
    // EISDIR: the key has others below it. EACCES and EPERM: write-only (such as route.flush).
    if (isErrno(error, ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM'])) return undefined;
    throw sysctlRefused(namespace, { key }, error);
  }
}

function writeValue(namespace: string, [key, value]: readonly [string, string]): void {
  const components = keyComponents(key);
  if (components === undefined) throw sysctlMissing(namespace, key);
  if (!isNetworkKey(components)) throw sysctlRefused(namespace, { key, value });
  try {
    // Only existing files: no O_CREAT.
    writeFileSync(pathOf(components), value, { flag: 'r+' });
  } catch (error) {
    if (isErrno(error, ['ENOENT', 'ENOTDIR', 'EISDIR'])) throw sysctlMissing(namespace, key);
    throw sysctlRefused(namespace, { key, value }, error);
  }
}

function pathOf(components: readonly string[]): string {
  return `/proc/sys/${components.join('/')}`;
}

function isErrno(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
