import { WeftError } from '../../lib/errors.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import { createNftContext, loadLibnftables } from './libnftables.ts';

/**
 * The whole ruleset of a namespace as `nft list ruleset` prints it, elements and counters included. For people: what
 * Weft itself wants to know it asks for over netlink. Throws `netns-missing`, or `nft-rejected` with nft's message.
 */
export function printRuleset(namespaces: NetworkNamespaces, name: string): string {
  loadLibnftables();
  const pin = namespaces.open(name);
  return namespaces.inside(pin, () => {
    const context = createNftContext();
    try {
      const refused = context.run('list ruleset');
      if (refused !== undefined) throw new WeftError('nft-rejected', `${name}: nft refused: ${refused}`);
      return context.output();
    } finally {
      context.free();
    }
  });
}
