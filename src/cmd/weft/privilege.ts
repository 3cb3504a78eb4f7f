import { mayComeBack } from '../../kernel/netns/thread.ts';

/**
 * Whether labs of this user need no user namespace. Root of a container may do everything with namespaces but come back
 * to the one it was in, where the container shares that with its host: such labs are like those of any user.
 */
export function labsRunAsRoot(): boolean {
  return process.getuid?.() === 0 && mayComeBack();
}
