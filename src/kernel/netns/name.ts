import { WeftError } from '../../lib/errors.ts';

/**
 * Checks that a namespace's name is good as a file name: 1 to 100 of a-z, 0-9, dot and dash, not starting with a
 * dot or dash. Throws `netns-name`.
 */
export function checkNamespaceName(name: string): string {
  if (/^[a-z0-9][a-z0-9.-]{0,99}$/.test(name)) return name;
  const hint = 'Use 1 to 100 of a-z, 0-9, "." and "-", starting with a letter or digit.';
  const shown = JSON.stringify(name.slice(0, 120));
  throw new WeftError('netns-name', `${shown} cannot name a network namespace`, { hint, fault: 'input' });
}

export function namespaceExists(name: string): WeftError {
  const hint = 'Choose another name, or delete the namespace first.';
  return new WeftError('netns-exists', `network namespace ${name} exists`, { hint });
}

export function namespaceMissing(name: string): WeftError {
  const hint = 'Create it first; pins do not survive a reboot.';
  return new WeftError('netns-missing', `there is no network namespace ${name}`, { hint });
}
