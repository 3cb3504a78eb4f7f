import type { NetworkNamespaces } from '../../kernel/netns/port.ts';
import type { Poller } from '../../kernel/poll/port.ts';
import type { Sockets } from '../../kernel/sockets/port.ts';
import type { Family } from '../../lib/address.ts';
import type { Log } from '../../lib/log.ts';
import { openAll } from '../../lib/open-all.ts';
import {
  createPodListeners,
  type OpenListener,
  type PodListeners,
  type ServedPod,
} from '../pod-listeners.ts';
import type { Listener } from '../port.ts';
import { createHttpAnswers } from './http.ts';
import type { Asked, Journal } from './journal.ts';
import { openForwarder } from './forwarder.ts';
import { createPodConnections, type AnswerBook, type PodConnections } from './pod-connections.ts';
import { createSctpResponders } from './sctp.ts';
import { openTcp } from './tcp.ts';
import { openUdp, openUdpAsAsked } from './udp.ts';

export interface StandInsOptions {
  readonly sockets: Sockets;
  /** Where the sockets open: told when nobody needs a pod's namespace any more. */
  readonly namespaces: Pick<NetworkNamespaces, 'release'>;
  /** Reads the sockets that Node cannot: of SCTP, and UDP of who has several addresses. Asked for with the first of them. */
  readonly poller: () => Poller;
  /** What the pods speak: IPv4 when absent. */
  readonly families?: readonly Family[];
  /** Where every answer is written down. */
  readonly journal?: Journal;
  readonly log: Log;
}

/**
 * Stand-ins for containers: for every declared port somebody listens inside the pod's namespace and answers with
 * who it is and whom it sees. All of them live in this process. `serve` throws like `Sockets.listen`.
 */
export function createStandIns(options: StandInsOptions): PodListeners {
  const { sockets, namespaces, families = ['IPv4'], journal, log } = options;
  const sctp = createSctpResponders(sockets, options.poller);
  const connections = new WeakMap<ServedPod, PodConnections>();
  const answers: AnswerBook = new WeakMap();
  const http = createHttpAnswers((socket, words) => answers.get(socket)?.(words));

  function connectionsOf(pod: ServedPod): PodConnections {
    const known = connections.get(pod) ?? createPodConnections();
    connections.set(pod, known);
    return known;
  }

  function open(pod: ServedPod, listener: Listener): OpenListener {
    const inFamily = (family: Family): OpenListener => {
      const note = (asked: Asked): void => journal?.write(pod.serving.uid, listener, asked);
      const context = { sockets, listener, family, serving: () => pod.serving, note };
      if (listener.protocol === 'UDP')
        return pod.serving.hasSeveralAddresses === true
          ? openUdpAsAsked(context, options.poller())
          : openUdp(context);
      if (listener.protocol === 'SCTP') return sctp.open(context);
      if (listener.forwardTo !== undefined)
        return openForwarder({ ...context, connections: connectionsOf(pod) }, listener.forwardTo);
      return openTcp({ ...context, connections: connectionsOf(pod), answers, http });
    };
    return openAll(families.map((family) => () => inFamily(family)));
  }

  const pods = createPodListeners({
    open,
    ending: (pod) => connections.get(pod)?.destroyAll(),
    ended({ serving }) {
      // Nobody is left who could write.
      journal?.forget(serving.uid);
      namespaces.release(serving.netns);
    },
    who: 'a stand-in',
    failure: 'stand-in-failed',
    log,
  });

  return {
    ...pods,
    async close() {
      await pods.close();
      http.close();
    },
  };
}
