import type { Client } from '../client/port.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import type { Sockets } from '../kernel/sockets/port.ts';
import type { Clock } from '../lib/clock.ts';
import type { Family } from '../lib/address.ts';
import { messageOf } from '../lib/errors.ts';
import type { Service } from '../lib/lifecycle.ts';
import type { Log } from '../lib/log.ts';
import { openAll } from '../lib/open-all.ts';
import { createDnsModel } from '../model/dns/model.ts';
import { createPodListeners, type OpenListener } from '../workload/pod-listeners.ts';
import type { PodServer } from '../workload/port.ts';
import { createDnsCounters, type DnsCounters } from './counters.ts';
import { createResponder, type ForeignNames } from './responder.ts';
import { listenTcp } from './tcp.ts';
import { listenUdp } from './udp.ts';
import { feedZone, type ZoneFeed } from './zone-feed.ts';

export interface DnsServerOptions {
  readonly client: Pick<Client, 'informer'>;
  readonly sockets: Pick<Sockets, 'listen'>;
  /** Knows the names outside the zone; where absent, there are none. */
  readonly foreign?: ForeignNames | undefined;
  /** Where the sockets open: told when nobody needs a pod's namespace any more. */
  readonly namespaces: Pick<NetworkNamespaces, 'release'>;
  readonly log: Log;
  readonly clock: Clock;
  /** What the pods speak: IPv4 when absent. */
  readonly families?: readonly Family[];
  /** `cluster.local` when absent. */
  readonly zone?: string;
  /** Seconds; 5 when absent. */
  readonly ttl?: number;
}

/** The cluster's DNS server: answers inside the namespaces of the pods it is asked to serve. */
export interface DnsServer extends Service, PodServer {
  /** Whether the API's content is known; before that every answer is SERVFAIL, so that nobody caches NXDOMAIN. */
  readonly ready: boolean;
  readonly counters: DnsCounters;
}

/** Every listener that a pod asks for speaks DNS, whatever its port. Throws `dns-zone-invalid`. */
export function createDnsServer(options: DnsServerOptions): DnsServer {
  const { client, sockets, log, clock, zone = 'cluster.local', ttl = 5, families = ['IPv4'] } = options;
  let model = createDnsModel({ zone, ttl });
  const counters = createDnsCounters();
  let feed: ZoneFeed | undefined;
  let ready = false;
  const responder = createResponder({
    model: { answer: (question) => model.answer(question) },
    ready: () => ready,
    counters,
    log,
    foreign: options.foreign,
  });
  const pods = createPodListeners({
    log,
    who: 'the DNS server',
    failure: 'dns-listen-failed',
    ended: ({ serving }) => options.namespaces.release(serving.netns),
    open({ serving: { netns } }, { protocol, port }) {
      const inFamily = (family: Family): OpenListener => {
        if (protocol === 'TCP') {
          const fd = sockets.listen(netns, { protocol: 'tcp', port, family });
          return listenTcp(fd, { responder, counters, clock, netns });
        }
        const fd = sockets.listen(netns, { protocol: 'udp', port, family });
        return listenUdp(fd, { responder, family, netns });
      };
      return openAll(families.map((family) => () => inFamily(family)));
    },
  });

  async function whenSynced(current: ZoneFeed): Promise<void> {
    try {
      await current.synced;
      // A feed that was closed meanwhile says nothing about the present.
      if (feed === current) ready = true;
    } catch (thrown) {
      log.error({ error: messageOf(thrown) }, 'the DNS zone cannot be read from the API');
    }
  }

  return {
    counters,
    get ready() {
      return ready;
    },
    serve: (pod) => pods.serve(pod),
    unserve: (uid) => pods.unserve(uid),
    list: () => pods.list(),
    start() {
      if (feed === undefined) {
        // What was deleted while the server was stopped would stay in an old model.
        model = createDnsModel({ zone, ttl });
        feed = feedZone(client, model);
        void whenSynced(feed);
      }
      return Promise.resolve();
    },
    async stop() {
      feed?.close();
      feed = undefined;
      ready = false;
      await pods.close();
    },
  };
}
