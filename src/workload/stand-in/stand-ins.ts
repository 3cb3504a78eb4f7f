import type { NetworkNamespaces } from '../../kernel/netns/port.ts';
import type { Poller } from '../../kernel/poll/port.ts';
import type { Sockets } from '../../kernel/sockets/port.ts';
import type { Family } from '../../lib/address.ts';
import { WeftError, messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { openAll } from '../../lib/open-all.ts';
import type { Listener, PodServer, PodServing } from '../port.ts';
import { createHttpAnswers } from './http.ts';
import type { Asked, Journal } from './journal.ts';
import { openForwarder } from './forwarder.ts';
import type { OpenListener } from './listener.ts';
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

export interface StandIns extends PodServer {
  /** Ends every listener and connection. */
  close(): Promise<void>;
}

interface ServedPod {
  serving: PodServing;
  readonly open: Map<string, { readonly listener: Listener; readonly handle: OpenListener }>;
  readonly connections: PodConnections;
}

/**
 * Stand-ins for containers: for every declared port somebody listens inside the pod's namespace and answers with
 * who it is and whom it sees. All of them live in this process. `serve` throws like `Sockets.listen`.
 */
export function createStandIns(options: StandInsOptions): StandIns {
  const { sockets, namespaces, families = ['IPv4'], journal, log } = options;
  const sctp = createSctpResponders(sockets, options.poller);
  const pods = new Map<string, ServedPod>();
  const answers: AnswerBook = new WeakMap();
  const http = createHttpAnswers((socket, words) => answers.get(socket)?.(words));

  // Everything up to the first await happens at once, so calls for one pod cannot overtake each other.
  async function unserve(uid: string): Promise<void> {
    const pod = pods.get(uid);
    pods.delete(uid);
    if (pod === undefined) return;
    pod.connections.destroyAll();
    await Promise.all([...pod.open.values()].map(({ handle }) => handle.close()));
    // Nobody is left who could write.
    journal?.forget(uid);
    namespaces.release(pod.serving.netns);
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
        return openForwarder({ ...context, connections: pod.connections }, listener.forwardTo);
      return openTcp({ ...context, connections: pod.connections, answers, http });
    };
    return openAll(families.map((family) => () => inFamily(family)));
  }

  function openMissing(pod: ServedPod, wanted: ReadonlyMap<string, Listener>): unknown[] {
    const failures: unknown[] = [];
    for (const [key, listener] of wanted) {
      if (pod.open.has(key)) continue;
      try {
        pod.open.set(key, { listener, handle: open(pod, listener) });
      } catch (thrown) {
        log.warn(
          { pod: pod.serving.pod, listener: key, error: messageOf(thrown) },
          'a stand-in cannot listen',
        );
        failures.push(thrown);
      }
    }
    return failures;
  }

  async function serve(serving: PodServing): Promise<Listener[]> {
    const known = pods.get(serving.uid);
    const moved = known !== undefined && !isSamePlace(known.serving, serving);
    const closing: Promise<void>[] = moved ? [unserve(serving.uid)] : [];
    const pod = pods.get(serving.uid) ?? { serving, open: new Map(), connections: createPodConnections() };
    pods.set(serving.uid, pod);
    pod.serving = serving;
    const wanted = new Map(serving.listeners.map((listener) => [keyOf(listener), listener]));
    for (const [key, { handle }] of pod.open) {
      if (wanted.has(key)) continue;
      pod.open.delete(key);
      closing.push(handle.close());
    }
    const failures = openMissing(pod, wanted);
    const bound = [...pod.open.values()].map(({ listener }) => listener);
    await Promise.all(closing);
    if (failures.length > 0) throw failureOf(serving, failures);
    return bound;
  }

  return {
    serve,
    unserve,
    list: () => [...pods.values()].map(({ serving }) => serving),
    async close() {
      await Promise.all([...pods.keys()].map(unserve));
      http.close();
    },
  };
}

const isSamePlace = (one: PodServing, other: PodServing): boolean =>
  one.netns === other.netns && one.hasSeveralAddresses === other.hasSeveralAddresses;

function keyOf({ protocol, port, forwardTo }: Listener): string {
  const to = forwardTo === undefined ? '' : ` to ${forwardTo.addresses.join()} ${forwardTo.port}`;
  return `${protocol} ${port}${to}`;
}

function failureOf(serving: PodServing, failures: readonly unknown[]): WeftError {
  const [first] = failures;
  const code = first instanceof WeftError ? first.code : 'stand-in-failed';
  return new WeftError(code, `${serving.pod}: ${failures.map(messageOf).join('; ')}`, { cause: first });
}
