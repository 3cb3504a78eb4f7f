import { checkNamespaceName, namespaceExists, namespaceMissing } from './name.ts';
import type { NetworkNamespace, NetworkNamespaces } from './port.ts';

/** Namespaces in memory. `inside` just calls `fn`; `fd` is a number no descriptor has. */
export function createFakeNetworkNamespaces(): NetworkNamespaces {
  return new FakeNetworkNamespaces();
}

// Far above any limit on open files, so that using one by mistake is EBADF.
const firstFd = 1 << 28;

class FakeNetworkNamespaces implements NetworkNamespaces {
  readonly #pinned = new Map<string, NetworkNamespace>();
  #nextFd = firstFd;

  create(name: string): NetworkNamespace {
    checkNamespaceName(name);
    if (this.#pinned.has(name)) throw namespaceExists(name);
    const namespace = { name, fd: this.#nextFd++ };
    this.#pinned.set(name, namespace);
    return namespace;
  }

  open(name: string): NetworkNamespace {
    const namespace = this.#pinned.get(checkNamespaceName(name));
    if (namespace === undefined) throw namespaceMissing(name);
    return namespace;
  }

  release(name: string): void {
    // There is no descriptor to close; the namespace stays the same one.
    checkNamespaceName(name);
  }

  list(): string[] {
    return [...this.#pinned.keys()].sort();
  }

  delete(name: string): void {
    this.#pinned.delete(checkNamespaceName(name));
  }

  inside<T>(_namespace: NetworkNamespace, fn: () => T): T {
    return fn();
  }

  close(): void {}
}
