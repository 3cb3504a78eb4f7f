import { messageOf, WeftError } from '../../lib/errors.ts';
import { silentLog, type Log } from '../../lib/log.ts';
import { libc } from '../libc.ts';
import { setLoopbackUp } from './loopback.ts';
import { checkNamespaceName, namespaceExists, namespaceMissing } from './name.ts';
import {
  isPinned,
  listPins,
  openPin,
  pinOpenNamespace,
  pinThreadNamespace,
  preparePin,
  removePin,
} from './pins.ts';
import type { NetworkNamespace, NetworkNamespaces, PinKeeper } from './port.ts';
import { insideDescriptor, insideNew } from './thread.ts';

export interface NetworkNamespacesOptions {
  /** Holds one pin per namespace; made on the first `create`. On a mount that is not propagated, ideally. */
  readonly directory: string;
  /** Somebody else's pins, by name with the directory that they are in: they are opened, and never made or removed. */
  readonly elsewhere?: ReadonlyMap<string, string>;
  readonly log?: Log;
}

/**
 * The namespaces pinned in a directory, for the thread that calls. Names are 1 to 100 of a-z, 0-9, dot and dash
 * (`netns-name` otherwise). Besides what the port says, every call throws `netns-refused` when the kernel
 * refuses: CAP_SYS_ADMIN is missing, or a limit is reached.
 */
export function createNetworkNamespaces(options: NetworkNamespacesOptions): NetworkNamespaces & PinKeeper {
  return new PinnedNamespaces(options);
}

class PinnedNamespaces implements NetworkNamespaces, PinKeeper {
  readonly #directory: string;
  readonly #elsewhere: ReadonlyMap<string, string>;
  readonly #log: Log;
  readonly #open = new Map<string, NetworkNamespace>();

  constructor({ directory, elsewhere = new Map(), log = silentLog }: NetworkNamespacesOptions) {
    this.#directory = directory;
    this.#elsewhere = elsewhere;
    this.#log = log;
  }

  create(name: string): NetworkNamespace {
    checkNamespaceName(name);
    if (isPinned(this.#directory, name)) throw namespaceExists(name);
    // What this object remembers of that name, another process has deleted since.
    this.#close(name);
    return this.#refused(name, () => {
      preparePin(this.#directory, name);
      try {
        insideNew(() => {
          setLoopbackUp();
          pinThreadNamespace(this.#directory, name);
        });
      } catch (error) {
        removePin(this.#directory, name);
        throw error;
      }
      this.#log.debug({ namespace: name }, 'network namespace made');
      return this.#remember(name);
    });
  }

  open(name: string): NetworkNamespace {
    checkNamespaceName(name);
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    if (!isPinned(this.#directoryOf(name), name)) throw namespaceMissing(name);
    return this.#refused(name, () => this.#remember(name));
  }

  release(name: string): void {
    this.#close(checkNamespaceName(name));
  }

  list(): string[] {
    return listPins(this.#directory);
  }

  delete(name: string): void {
    checkNamespaceName(name);
    this.#close(name);
    this.#refused(name, () => removePin(this.#directory, name));
    this.#log.debug({ namespace: name }, 'network namespace unpinned');
  }

  inside<T>(namespace: NetworkNamespace, fn: () => T): T {
    let entered = false;
    try {
      return insideDescriptor(namespace.fd, () => {
        entered = true;
        return fn();
      });
    } catch (error) {
      // Errors of `fn` are its own.
      throw entered ? error : refusal(namespace.name, error);
    }
  }

  repin(): string[] {
    const own = [...this.#open.values()].filter(({ name }) => !this.#elsewhere.has(name));
    const lost = own.filter(({ name }) => !isPinned(this.#directory, name));
    for (const { name, fd } of lost) {
      this.#refused(name, () => {
        preparePin(this.#directory, name);
        pinOpenNamespace(fd, this.#directory, name);
      });
      this.#log.warn({ namespace: name }, 'a network namespace that somebody unpinned was pinned again');
    }
    return lost.map(({ name }) => name);
  }

  close(): void {
    for (const name of this.#open.keys()) this.#close(name);
  }

  #directoryOf(name: string): string {
    return this.#elsewhere.get(name) ?? this.#directory;
  }

  #remember(name: string): NetworkNamespace {
    const namespace = { name, fd: openPin(this.#directoryOf(name), name) };
    this.#open.set(name, namespace);
    return namespace;
  }

  #close(name: string): void {
    const namespace = this.#open.get(name);
    if (namespace === undefined) return;
    this.#open.delete(name);
    libc().close(namespace.fd);
  }

  #refused<T>(name: string, fn: () => T): T {
    try {
      return fn();
    } catch (error) {
      throw refusal(name, error);
    }
  }
}

function refusal(name: string, cause: unknown): WeftError {
  const hint =
    'Namespaces need root (CAP_SYS_ADMIN); the limits are user.max_net_namespaces, fs.mount-max and open files.';
  const message = `network namespace ${name} was refused: ${messageOf(cause)}`;
  return new WeftError('netns-refused', message, { cause, hint, fault: 'environment' });
}
