import { WeftError } from '../../lib/errors.ts';
import {
  encodeElementDump,
  encodeRuleDump,
  encodeTableDump,
  parseRule,
  parseTableName,
} from '../../wire/nfnetlink/nft-dump.ts';
import { encodeGenerationRequest, parseGeneration } from '../../wire/nfnetlink/generation.ts';
import { visitDumped, visitElements } from '../../wire/nfnetlink/element-text.ts';
import { parseElements } from '../../wire/nfnetlink/set-element.ts';
import type { NetlinkMessage } from '../../wire/netlink/message.ts';
import { MessageWriter } from '../../wire/netlink/writer.ts';
import { createNetfilterSockets, NetfilterError, type NetfilterSockets } from '../netfilter/sockets.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import { checkAnswers, encodeChange, type EncodedChange } from './change.ts';
import { decodeElements } from './element-codec.ts';
import { familyNumbers, setNameText } from './families.ts';
import { createNftContext, loadLibnftables, type NftContext } from './libnftables.ts';
import type {
  NftElement,
  NftElementChange,
  Nftables,
  NftFamily,
  NftSetName,
  NftSetType,
  NftTableName,
} from './port.ts';
import { digestOf } from './rules-digest.ts';
import { writeNftElement } from './write-element.ts';

/** To remember the bytes of so many costs less than to encode them again; of fewer, more. */
const manyChanges = 1_000;

/** The kernel's nftables in pinned namespaces. Sockets and libnftables contexts are opened on first use. */
export function createNftables(dependencies: { readonly namespaces: NetworkNamespaces }): Nftables {
  return new KernelNftables(dependencies.namespaces);
}

class KernelNftables implements Nftables {
  readonly #namespaces: NetworkNamespaces;
  readonly #sockets: NetfilterSockets;
  readonly #contexts = new Map<string, NftContext>();
  /** Long batches: the same changes may be meant for several namespaces. */
  readonly #encoded = new WeakMap<readonly NftElementChange[], EncodedChange>();

  constructor(namespaces: NetworkNamespaces) {
    this.#namespaces = namespaces;
    this.#sockets = createNetfilterSockets({ namespaces });
  }

  run(namespace: string, commands: string): void {
    loadLibnftables();
    const pin = this.#namespaces.open(namespace);
    const refused = this.#namespaces.inside(pin, () => this.#context(namespace).run(commands));
    if (refused !== undefined) throw new WeftError('nft-rejected', `${namespace}: nft refused: ${refused}`);
  }

  change(namespace: string, changes: readonly NftElementChange[]): void {
    if (changes.length === 0) return;
    const change = this.#encode(changes);
    if (changes.length > 1 && !this.#sockets.fits(namespace, change.batch.bytes.length)) {
      const { ordered } = change;
      const half = Math.ceil(ordered.length / 2);
      this.change(namespace, ordered.slice(0, half));
      this.change(namespace, ordered.slice(half));
      return;
    }
    checkAnswers(change, this.#sockets.exchange(namespace, change.batch.bytes));
  }

  /** Sequence numbers are each socket's own, so that other namespaces may be sent the same ones. */
  #encode(changes: readonly NftElementChange[]): EncodedChange {
    const known = this.#encoded.get(changes);
    if (known !== undefined) return known;
    // A message per change at most, and the batch's begin and end.
    const change = encodeChange(changes, this.#sockets.sequence(changes.length + 2));
    if (changes.length >= manyChanges) this.#encoded.set(changes, change);
    return change;
  }

  elements(namespace: string, name: NftSetName, type: NftSetType): NftElement[] {
    return decodeElements(type, this.#dump(namespace, name).flatMap(parseElements));
  }

  holds(namespace: string, name: NftSetName, type: NftSetType, wanted: Iterable<NftElement>): boolean {
    const held = new Map<string, string>();
    for (const message of this.#dump(namespace, name)) visitDumped(message, (id, data) => held.set(id, data));
    const writer = new MessageWriter();
    for (const element of wanted) writeNftElement(writer, type, element);
    let found = 0;
    let isMissing = false;
    visitElements(writer.finish(), (id, data) => {
      if (held.get(id) === data) found += 1;
      else isMissing = true;
    });
    return !isMissing && found === held.size;
  }

  #dump(namespace: string, { family, table, set }: NftSetName): NetlinkMessage[] {
    const target = { family: familyNumbers[family], table, set };
    try {
      return this.#sockets.dump(namespace, (sequence) => encodeElementDump(target, sequence));
    } catch (error) {
      if (!(error instanceof NetfilterError) || error.errnoName !== 'ENOENT') throw error;
      const name = setNameText({ family, table, set });
      throw new WeftError('nft-missing', `${namespace} has no set ${name}`, { cause: error });
    }
  }

  rulesDigest(namespace: string, { family, table }: NftTableName): number {
    const target = { family: familyNumbers[family], table };
    try {
      const rules = this.#sockets
        .dump(namespace, (sequence) => encodeRuleDump(target, sequence))
        .map(parseRule)
        // Kernels before 5.4 answer with every table's.
        .filter((rule) => rule.table === table);
      return digestOf(rules.map(({ chain, expressions }) => `${chain} ${expressions.toString('latin1')}`));
    } catch (error) {
      if (error instanceof NetfilterError && error.errnoName === 'ENOENT') return digestOf([]);
      throw error;
    }
  }

  generation(namespace: string): number | undefined {
    const answers = this.#sockets.exchange(namespace, encodeGenerationRequest(this.#sockets.sequence()));
    return answers.map(parseGeneration).find((generation) => generation !== undefined);
  }

  tables(namespace: string, family: NftFamily): string[] {
    const messages = this.#sockets.dump(namespace, (sequence) =>
      encodeTableDump(familyNumbers[family], sequence),
    );
    return messages.flatMap((message) => parseTableName(message) ?? []);
  }

  forget(namespace: string): void {
    this.#sockets.forget(namespace);
    this.#contexts.get(namespace)?.free();
    this.#contexts.delete(namespace);
  }

  close(): void {
    for (const namespace of this.#contexts.keys()) this.forget(namespace);
    this.#sockets.close();
  }

  /** To be called inside the namespace. */
  #context(namespace: string): NftContext {
    const known = this.#contexts.get(namespace);
    if (known !== undefined) return known;
    const context = createNftContext();
    this.#contexts.set(namespace, context);
    return context;
  }
}
