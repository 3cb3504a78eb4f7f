import { WeftError } from '../../lib/errors.ts';
import { openNetlink } from '../libc-netlink.ts';
import { NETLINK_ROUTE } from '../libc-constants.ts';
import type { NetworkNamespace, NetworkNamespaces } from '../netns/port.ts';
import { Application } from './apply.ts';
import { dumpNamespace } from './dump.ts';
import type { NamespaceState, RouteFailure, RouteNetlink, RouteOperation } from './port.ts';
import { Refusal } from './refusal.ts';
import { createRouteBuffers, RouteSocket, type RouteBuffers } from './socket.ts';

/**
 * rtnetlink over one socket per namespace. Besides what the port says, every call throws `netns-missing` for an
 * unknown namespace and `SyscallError` when the socket itself fails; `dump` throws `route-dump`.
 */
export function createRouteNetlink(dependencies: { readonly namespaces: NetworkNamespaces }): RouteNetlink {
  return new KernelRouteNetlink(dependencies.namespaces);
}

class KernelRouteNetlink implements RouteNetlink {
  readonly #namespaces: NetworkNamespaces;
  readonly #sockets = new Map<string, { readonly inside: NetworkNamespace; readonly socket: RouteSocket }>();
  #buffers: RouteBuffers | undefined;

  constructor(namespaces: NetworkNamespaces) {
    this.#namespaces = namespaces;
  }

  apply(namespace: string, operations: readonly RouteOperation[]): RouteFailure[] {
    if (operations.length === 0) return [];
    return new Application(this.#socket(namespace), operations, {
      descriptorOf: (name) => this.#descriptorOf(name),
      socketOf: (name) => this.#socket(name),
    }).run();
  }

  dump(namespace: string): NamespaceState {
    return dumpNamespace(this.#socket(namespace));
  }

  forget(namespace: string): void {
    this.#sockets.get(namespace)?.socket.close();
    this.#sockets.delete(namespace);
  }

  close(): void {
    for (const namespace of this.#sockets.keys()) this.forget(namespace);
  }

  #socket(namespace: string): RouteSocket {
    const inside = this.#namespaces.open(namespace);
    const known = this.#sockets.get(namespace);
    if (known?.inside === inside) return known.socket;
    // Of a namespace of that name that was deleted, and made again, without `forget`.
    this.forget(namespace);
    this.#buffers ??= createRouteBuffers();
    const fd = this.#namespaces.inside(inside, () => openNetlink(NETLINK_ROUTE));
    const socket = new RouteSocket(fd, this.#buffers);
    this.#sockets.set(namespace, { inside, socket });
    return socket;
  }

  /** Of the namespace a veth's other end goes to. Throws `Refusal`: that is one operation's fault. */
  #descriptorOf(namespace: string): number {
    try {
      return this.#namespaces.open(namespace).fd;
    } catch (error) {
      if (error instanceof WeftError) throw new Refusal('ENOENT', error.message);
      throw error;
    }
  }
}
