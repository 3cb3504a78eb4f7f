import { readLink, writeGetLink, writeSetLink } from '../../wire/netlink/link.ts';
import { formatMac } from '../../wire/netlink/mac.ts';
import type { Acknowledgement } from '../../wire/netlink/message.ts';
import { errnoName } from '../libc-errno.ts';
import type { RouteFailure, RouteOperation, VethLink } from './port.ts';
import { failureOf, noSuchLink, Refusal } from './refusal.ts';
import { linksNeededBy, requestFor, type Numbers } from './request.ts';
import type { Request, RouteSocket } from './socket.ts';

/** Answers that say that there is nothing to do: no such thing to delete, or the same rule. */
const absences: Partial<Record<RouteOperation['action'], readonly string[]>> = {
  'delete-link': ['ENODEV'],
  'delete-address': ['EADDRNOTAVAIL', 'ENODEV'],
  'delete-route': ['ESRCH', 'ENODEV'],
  'add-rule': ['EEXIST'],
  'delete-rule': ['ENOENT'],
  'delete-neighbour': ['ENOENT', 'ENODEV'],
  'delete-fdb': ['ENOENT', 'ENODEV'],
};

/** The rest of the machine, as far as one namespace's operations reach it. */
export interface OtherNamespaces {
  /** For IFLA_NET_NS_FD. Throws `Refusal` when there is no such namespace. */
  descriptorOf(namespace: string): number;
  socketOf(namespace: string): RouteSocket;
}

interface KnownLink {
  readonly index: number;
  readonly mac: string;
}

interface Pending {
  readonly position: number;
  readonly operation: RouteOperation;
  readonly request: Request;
}

/**
 * One call of `apply`. Operations name links, the kernel numbers them: indexes are asked for by name, all that
 * the rest of the list needs in one batch, whenever one is unknown. They are not kept between calls, since a
 * link may go with its other end or be made again by another process, and a stale number hits the wrong route.
 */
export class Application {
  readonly #socket: RouteSocket;
  readonly #operations: readonly RouteOperation[];
  readonly #others: OtherNamespaces;
  readonly #numbers: Numbers;
  /** Undefined: asked for, and absent. */
  readonly #links = new Map<string, KnownLink | undefined>();
  readonly #failures = new Map<number, RouteFailure>();
  #pending: Pending[] = [];
  /** Whether a veth is pending: its far end is set up after the batch, and must still be there. */
  #vethPending = false;

  constructor(socket: RouteSocket, operations: readonly RouteOperation[], others: OtherNamespaces) {
    this.#socket = socket;
    this.#operations = operations;
    this.#others = others;
    this.#numbers = {
      descriptorOf: (namespace) => others.descriptorOf(namespace),
      indexOf: (link) => this.#known(link).index,
      macOf: (link) => this.#known(link).mac,
    };
  }

  /** Carries the operations out; returns the failures in the operations' order. */
  run(): RouteFailure[] {
    for (const [position, operation] of this.#operations.entries()) this.#take(position, operation);
    this.#flush();
    return [...this.#failures].sort(([a], [b]) => a - b).map(([, failure]) => failure);
  }

  #take(position: number, operation: RouteOperation): void {
    if (linksNeededBy(operation).some((link) => !this.#links.has(link))) {
      this.#flush();
      this.#resolve(position);
    }
    if (operation.action === 'delete-link' && this.#vethPending) this.#flush();
    try {
      this.#pending.push({ position, operation, request: requestFor(operation, this.#numbers) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#refused(position, failureOf(operation, error));
    }
    this.#doubt(operation);
  }

  /** Forgets what an operation may make untrue; the other end of a veth may be in this namespace too. */
  #doubt(operation: RouteOperation): void {
    if (operation.action === 'set-link') this.#links.delete(operation.link.name);
    if (operation.action === 'delete-link') this.#links.clear();
    if (operation.action !== 'add-link') return;
    if (operation.link.kind === 'veth') this.#vethPending = true;
    this.#links.delete(operation.link.name);
    for (const [name, link] of this.#links) if (link === undefined) this.#links.delete(name);
  }

  /** Asks for every link that operations from `position` on need and that is not known. */
  #resolve(position: number): void {
    const needed = new Set(this.#operations.slice(position).flatMap(linksNeededBy));
    const unknown = [...needed].filter((link) => !this.#links.has(link));
    for (const link of unknown) this.#links.set(link, undefined);
    const askable = unknown.filter((link) => /^[!-~]{1,15}$/.test(link));
    const requests = askable.map(
      (link): Request =>
        (writer, sequence) =>
          writeGetLink(writer, sequence, link),
    );
    this.#socket.exchange(requests, (message) => {
      const link = readLink(message);
      if (link === undefined) return;
      this.#links.set(link.name, { index: link.index, mac: formatMac(link.mac ?? new Uint8Array()) });
    });
  }

  #known(name: string): KnownLink {
    const link = this.#links.get(name);
    if (link === undefined) throw noSuchLink(name);
    return link;
  }

  #flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    this.#vethPending = false;
    const answers = this.#socket.exchange(pending.map(({ request }) => request));
    const accepted = pending.filter((one, i) => this.#accepted(one, answers[i]));
    this.#setPeersUp(accepted);
  }

  #accepted({ position, operation }: Pending, answer: Acknowledgement | undefined): boolean {
    if (answer === undefined || answer.errno === 0) return true;
    this.#refused(position, failure(operation, answer));
    return false;
  }

  /** The far ends of the veths just made: the message that makes them cannot do it. */
  #setPeersUp(made: readonly Pending[]): void {
    const veths = made.flatMap((one) => {
      const link = one.operation.action === 'add-link' ? one.operation.link : undefined;
      return link?.kind === 'veth' ? [{ one, peer: link.peer }] : [];
    });
    for (const [namespace, group] of Map.groupBy(veths, ({ peer }) => peer.namespace)) {
      const requests = group.map(({ peer }) => setUp(peer));
      const answers = this.#others.socketOf(namespace).exchange(requests);
      for (const [i, { one }] of group.entries()) this.#accepted(one, answers[i]);
    }
  }

  #refused(position: number, failure: RouteFailure): void {
    if (absences[failure.operation.action]?.includes(failure.code) === true) return;
    this.#failures.set(position, failure);
  }
}

function failure(operation: RouteOperation, { errno, text }: Acknowledgement): RouteFailure {
  const code = errnoName(errno);
  return { operation, errno, code, message: text === '' ? code : text };
}

function setUp({ name }: VethLink['peer']): Request {
  return (writer, sequence) => writeSetLink(writer, sequence, { name });
}
