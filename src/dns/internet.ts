import type { Sockets } from '../kernel/sockets/port.ts';
import type { Family } from '../lib/address.ts';
import type { Clock } from '../lib/clock.ts';
import type { Service } from '../lib/lifecycle.ts';
import type { Log } from '../lib/log.ts';
import { openAll } from '../lib/open-all.ts';
import { internetAnswer } from '../model/dns/internet-zone.ts';
import { labAddressesOf } from '../model/network/lab-addresses.ts';
import { createDnsCounters } from './counters.ts';
import type { OpenListener } from './listener.ts';
import { createResponder } from './responder.ts';
import { listenTcp } from './tcp.ts';
import { listenUdp } from './udp.ts';

export interface InternetResolverOptions {
  readonly sockets: Pick<Sockets, 'listen'>;
  /** Pin's name of the machine that stands for the internet. */
  readonly netns: string;
  readonly families: readonly Family[];
  readonly clock: Clock;
  readonly log: Log;
}

/** The DNS server of a lab's internet. `start` throws like `Sockets.listen`. */
export function createInternetResolver({ sockets, ...options }: InternetResolverOptions): Service {
  const { netns, families, clock, log } = options;
  const counters = createDnsCounters();
  const responder = createResponder({
    model: { answer: (question) => internetAnswer(question, families) },
    ready: () => true,
    counters,
    log,
  });
  let open: OpenListener | undefined;

  const openIn = (family: Family, protocol: 'tcp' | 'udp'): OpenListener => {
    const fd = sockets.listen(netns, {
      protocol,
      port: 53,
      family,
      address: labAddressesOf[family].resolver,
    });
    return protocol === 'tcp'
      ? listenTcp(fd, { responder, counters, clock, netns })
      : listenUdp(fd, { responder, family, netns });
  };

  return {
    start() {
      open ??= openAll(
        families.flatMap((family) => [() => openIn(family, 'udp'), () => openIn(family, 'tcp')]),
      );
      return Promise.resolve();
    },
    async stop() {
      await open?.close();
      open = undefined;
    },
  };
}
