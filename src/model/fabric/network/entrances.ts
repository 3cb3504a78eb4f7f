import { parseAddress } from '../../../lib/address.ts';
import { contains, parsePrefix } from '../../../lib/prefix.ts';
import { publicLoadBalancers } from '../../network/lab-addresses.ts';
import type { NetworkWorld } from './world.ts';

/** A public address by which the internet reaches into a network. */
export interface Entrance {
  readonly address: string;
  readonly network: string;
}

/** Those that an interface has: public addresses of load balancers, as long as they lead to somebody. */
export function entrancesOf({ interfaces }: NetworkWorld): Entrance[] {
  const range = parsePrefix(publicLoadBalancers);
  return interfaces.flatMap(({ network, assigned }) =>
    assigned.flatMap((prefix) => {
      const [text = '', length] = prefix.split('/');
      const address = parseAddress(text);
      const isOne =
        length === '32' && address !== undefined && range !== undefined && contains(range, address);
      return isOne ? [{ address: text, network }] : [];
    }),
  );
}
