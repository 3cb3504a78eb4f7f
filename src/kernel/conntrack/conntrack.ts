import { WeftError } from '../../lib/errors.ts';
import { NFPROTO_IPV4, NFPROTO_IPV6 } from '../../wire/nfnetlink/header.ts';
import {
  encodeConntrackCount,
  encodeConntrackDelete,
  encodeConntrackDump,
  encodeMarkChange,
  parseConntrackCount,
  parseConntrackEntry,
  type ConntrackTarget,
} from '../../wire/nfnetlink/conntrack.ts';
import { parseAcknowledgement, type Acknowledgement } from '../../wire/netlink/message.ts';
import { errnoName } from '../libc-errno.ts';
import { createNetfilterSockets, NetfilterError, type NetfilterSockets } from '../netfilter/sockets.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import { entryFromRaw, rawTuple } from './entry-codec.ts';
import type { Conntrack, ConntrackEntry, MarkChange } from './port.ts';

/**
 * Requests sent at once: if all are refused, what is said of that must fit the socket's receive buffer. They count as 768 bytes each there,
 * and without root it has twice net.core.rmem_max, 416 kB on ordinary machines.
 */
const mostAtOnce = 500;

const families = { ip: NFPROTO_IPV4, ip6: NFPROTO_IPV6 } as const;

/** The kernel's connection tracking in pinned namespaces. Sockets are opened on first use. */
export function createConntrack(dependencies: { readonly namespaces: NetworkNamespaces }): Conntrack {
  return new KernelConntrack(createNetfilterSockets(dependencies));
}

class KernelConntrack implements Conntrack {
  readonly #sockets: NetfilterSockets;
  /** What names them to the kernel, as it came from there: to write that anew takes longer than all the rest of a request. */
  readonly #targets = new WeakMap<ConntrackEntry, Uint8Array>();

  constructor(sockets: NetfilterSockets) {
    this.#sockets = sockets;
  }

  list(namespace: string, family: 'ip' | 'ip6'): ConntrackEntry[] {
    return [...this.scan(namespace, family)];
  }

  *scan(namespace: string, family: 'ip' | 'ip6'): Iterable<ConntrackEntry> {
    // A dump walks the one table of all namespaces, which takes milliseconds; most have no entry in it most of the time.
    if (this.#count(namespace) === 0) return;
    const encode = (sequence: number): Buffer => encodeConntrackDump(families[family], sequence);
    for (const message of this.#sockets.dump(namespace, encode)) {
      const { target, ...raw } = parseConntrackEntry(message);
      const entry = entryFromRaw(raw);
      this.#targets.set(entry, target);
      yield entry;
    }
  }

  setMark(namespace: string, entry: ConntrackEntry, mark: MarkChange): boolean {
    return this.setMarks(namespace, [entry], mark) === 1;
  }

  setMarks(namespace: string, entries: readonly ConntrackEntry[], { value, mask }: MarkChange): number {
    // The kernel exclusive-ors the value in: bits outside the mask would flip.
    const change = { value: (value & mask) >>> 0, mask };
    let changed = 0;
    for (let first = 0; first < entries.length; first += mostAtOnce) {
      const some = entries.slice(first, first + mostAtOnce);
      // To read an answer costs as much as to ask: only the last of them has one for certain.
      const requests = some.map((entry, i) =>
        encodeMarkChange({ ...this.#target(entry), isSilent: i < some.length - 1 }, change),
      );
      const answers = this.#sockets.exchange(namespace, Buffer.concat(requests));
      const acknowledgements = answers.flatMap((answer) => parseAcknowledgement(answer) ?? []);
      if (acknowledgements.length === 0) {
        throw new WeftError('netfilter-silent', 'the kernel did not acknowledge');
      }
      changed += some.length - acknowledgements.filter((answer) => !found(answer)).length;
    }
    return changed;
  }

  delete(namespace: string, entry: ConntrackEntry): boolean {
    return found(this.#sockets.request(namespace, encodeConntrackDelete(this.#target(entry))));
  }

  forget(namespace: string): void {
    this.#sockets.forget(namespace);
  }

  close(): void {
    this.#sockets.close();
  }

  /** Undefined where the kernel does not tell. */
  #count(namespace: string): number | undefined {
    const answers = this.#sockets.exchange(namespace, encodeConntrackCount(this.#sockets.sequence()));
    return answers.map((answer) => parseConntrackCount(answer)).find((count) => count !== undefined);
  }

  #target(entry: ConntrackEntry): ConntrackTarget {
    const sequence = this.#sockets.sequence();
    const asItCame = entry.protocol === 'other' ? undefined : this.#targets.get(entry);
    return {
      original: asItCame ?? rawTuple(entry),
      sequence,
      ...(entry.id !== undefined && { id: entry.id }),
    };
  }
}

/** False for ENOENT; throws any other refusal. */
function found(acknowledgement: Acknowledgement): boolean {
  if (acknowledgement.errno === 0) return true;
  if (errnoName(acknowledgement.errno) === 'ENOENT') return false;
  throw new NetfilterError(acknowledgement);
}
