import type { ProcessRecord } from '../drivers/process/port.ts';

/**
 * The start of a command line that puts a program into a lab's namespaces. Pins live in the lab's mount namespace: a new
 * holder joins the one that a survivor still holds. Without root, that and the network namespace they are at home in
 * belong to a user namespace of the lab, where the user is root.
 */
export function enterNamespaces(
  survivor: ProcessRecord | undefined,
  isUnprivileged: boolean,
): readonly [string, ...string[]] {
  if (survivor !== undefined) {
    const kinds = isUnprivileged ? ['--user', '--preserve-credentials', '--net'] : [];
    return ['nsenter', ...kinds, '--mount', '--target', String(survivor.pid)];
  }
  const kinds = isUnprivileged ? ['--user', '--map-root-user', '--net'] : [];
  return ['unshare', ...kinds, '--mount', '--propagation', 'private'];
}
