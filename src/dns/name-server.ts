import type { Sockets } from '../kernel/sockets/port.ts';
import { familyOf } from '../lib/address.ts';
import type { Clock } from '../lib/clock.ts';
import type { Service } from '../lib/lifecycle.ts';
import type { Log } from '../lib/log.ts';
import { openAll } from '../lib/open-all.ts';
import { createDnsCounters } from './counters.ts';
import type { OpenListener } from '../workload/pod-listeners.ts';
import { createResponder, type ResponderOptions } from './responder.ts';
import { listenTcp } from './tcp.ts';
import { listenUdp } from './udp.ts';

export interface NameServerOptions {
  readonly sockets: Pick<Sockets, 'listen'>;
  /** Pin's name of the machine that it is on. */
  readonly netns: string;
  /** Where it answers; addresses of the machine. */
  readonly addresses: readonly string[];
  /** What it answers. */
  readonly answer: ResponderOptions['model']['answer'];
  readonly clock: Clock;
  readonly log: Log;
}

/** A DNS server on a machine of the fabric, which asks nobody else. `start` throws like `Sockets.listen`. */
export function createNameServer({ sockets, ...options }: NameServerOptions): Service {
  const { netns, addresses, answer, clock, log } = options;
  const counters = createDnsCounters();
  const responder = createResponder({ model: { answer }, ready: () => true, counters, log });
  let open: OpenListener | undefined;

  const openAt = (address: string, protocol: 'tcp' | 'udp'): OpenListener => {
    const family = familyOf(address);
    const fd = sockets.listen(netns, { protocol, port: 53, family, address });
    return protocol === 'tcp'
      ? listenTcp(fd, { responder, counters, clock, netns })
      : listenUdp(fd, { responder, family, netns });
  };

  return {
    start() {
      open ??= openAll(
        addresses.flatMap((address) => [() => openAt(address, 'udp'), () => openAt(address, 'tcp')]),
      );
      return Promise.resolve();
    },
    async stop() {
      await open?.close();
      open = undefined;
    },
  };
}
