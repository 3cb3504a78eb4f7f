import type { Family } from '../../lib/address.ts';
import type { Lingering } from '../elements/ledger.ts';
import { addressType, nftWord } from '../families.ts';
import { affinityClient, servicesTables } from './skeleton.ts';

/** A chain that chooses among so many slots, after asking where the client was sent before: session affinity. */
export interface SlotChain {
  readonly count: number;
  readonly affinitySeconds: number | undefined;
}

/** `of-3`, `bound-of-3` */
export function chainOf({ count, affinitySeconds }: SlotChain): string {
  return affinitySeconds === undefined ? `of-${count}` : `bound-of-${count}`;
}

/** The chain that binds a client to where it was just sent, for so long. */
export function bindingChain(seconds: number): string {
  return `bind-for-${seconds}s`;
}

/** What the loaded table can serve. */
export interface ServicesSize {
  /** Slot maps `slot-0` to `slot-(slots-1)` exist. */
  readonly slots: number;
  /** Names of the chains that there are. */
  readonly chains: ReadonlySet<string>;
}

export const emptySize: ServicesSize = { slots: 0, chains: new Set() };

/**
 * Slots and counts are added in steps: loading text costs more than what nobody uses yet, and a Service that grows or
 * shrinks needs the counts beside its own next.
 */
const growthStep = 8;

/**
 * The commands that make the table serve these chains too; undefined when it does already. They may be run again over
 * a table that an earlier process left.
 */
export function growServices(
  size: ServicesSize,
  wanted: Iterable<SlotChain>,
  family: Family,
): { readonly commands: string; readonly size: ServicesSize } | undefined {
  const missing = new Map<string, () => string>();
  let { slots } = size;
  const need = (name: string, text: () => string): void => {
    if (!size.chains.has(name)) missing.set(name, text);
  };
  for (const chain of wanted) {
    const { count, affinitySeconds } = chain;
    if (affinitySeconds !== undefined) {
      need(bindingChain(affinitySeconds), () => bindingCommands(affinitySeconds, family));
    }
    if (count === 0 || size.chains.has(chainOf(chain))) continue;
    for (const each of wholeStep(count)) {
      slots = Math.max(slots, each);
      need(chainOf({ count: each, affinitySeconds: undefined }), () => drawCommands(each, family));
    }
    if (affinitySeconds !== undefined) need(chainOf(chain), () => boundCommands(count, family));
  }
  if (missing.size === 0) return undefined;
  const newSlots = fromTo(size.slots, slots).map((slot) => slotCommands(slot, family));
  return {
    commands: [...newSlots, ...[...missing.values()].map((text) => text())].join('\n'),
    size: { slots, chains: new Set([...size.chains, ...missing.keys()]) },
  };
}

/** The counts of the step that this one is in. */
function wholeStep(count: number): number[] {
  const last = Math.ceil(count / growthStep) * growthStep;
  return fromTo(last - growthStep + 1, last + 1);
}

function fromTo(first: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
}

const withPorts = 'meta l4proto { tcp, udp, sctp }';

const tableOf = (family: Family): string => `${nftWord[family]} ${servicesTables[family].table}`;

/** The chain made anew with these rules. */
function chainText(family: Family, name: string, rules: readonly string[]): string {
  const at = `${tableOf(family)} ${name}`;
  return [`add chain ${at}`, `flush chain ${at}`, ...rules.map((rule) => `add rule ${at} ${rule}`)].join(
    '\n',
  );
}

function slotCommands(slot: number, family: Family): string {
  const map = `add map ${tableOf(family)} slot-${slot} { type mark : ${addressType[family]} . inet_service; }`;
  const translate = `${withPorts} dnat ${nftWord[family]} to meta mark map @slot-${slot}`;
  return `${map}\n${chainText(family, `to-slot-${slot}`, [translate, 'drop'])}`;
}

/** Asked behind the translation, so that the packet itself says where it goes. */
function bindingCommands(seconds: number, family: Family): string {
  const ip = nftWord[family];
  const client = `${affinityClient[family]} timeout ${seconds}s`;
  return chainText(family, bindingChain(seconds), [
    `update @bound-addresses { ${client} : ${ip} daddr }`,
    `${withPorts} update @bound-ports { ${client} : th dport }`,
  ]);
}

function boundCommands(count: number, family: Family): string {
  const ip = nftWord[family];
  const client = affinityClient[family];
  return chainText(family, chainOf({ count, affinitySeconds: 0 }), [
    `${withPorts} dnat ${ip} to ${client} map @bound-addresses : ${client} map @bound-ports`,
    `goto of-${count}`,
  ]);
}

function drawCommands(count: number, family: Family): string {
  const slots = fromTo(0, count).map((slot) => `${slot} : goto to-slot-${slot}`);
  const draw = count === 1 ? 'goto to-slot-0' : `numgen random mod ${count} vmap { ${slots.join(', ')} }`;
  return chainText(family, `of-${count}`, [draw]);
}

/**
 * A packet that has drawn the last slot of a Service finds an endpoint in it also where the Service has one less by now: a
 * slot is only drawn by the chain of a number of endpoints that is larger, and an id is never another port's.
 */
export const slotsLinger: Lingering = {
  mayLinger: (set) => set.startsWith('slot-'),
  goesAhead: (set) => (set === 'admitted' ? 1 : 0),
  isHarmless: () => true,
};
