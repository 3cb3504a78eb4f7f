import type { Programming } from '../agent/agents.ts';
import { keyOf, resources } from '../api/resources.ts';
import type { CoreEvent } from '../api/types/core.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf, WeftError } from '../lib/errors.ts';
import { within } from '../lib/within.ts';
import type { LabConnection } from './connection.ts';
import { notReady, type ReadinessWatch, type Unready, type UnreadyEvent } from './readiness.ts';

/** How long a process of the lab may take to say how it is. */
const answerMs = 5000;

export interface Whole {
  readonly connection: LabConnection;
  readonly readiness: ReadinessWatch;
  readonly clock: Clock;
}

/**
 * Resolves when everything is ready and every node is programmed with it, NetworkPolicies too. Rejects with `not-ready`
 * naming what is not, why, and what was last told about it.
 */
export async function waitUntilWhole(lab: Whole, timeoutMs: number): Promise<void> {
  const { connection, readiness, clock } = lab;
  const began = clock.monotonic();
  try {
    await readiness.wait(timeoutMs);
    const ms = Math.max(1, timeoutMs - (clock.monotonic() - began));
    const programmed = connection.programmed(readiness.versions());
    await within(clock, { what: 'a process that programs nodes', ms }, programmed);
  } catch (error) {
    const isLate = error instanceof WeftError && lateCodes.has(error.code);
    if (!isLate) throw error;
    throw notReady(await whyNotWhole(lab), timeoutMs);
  }
}

const lateCodes: ReadonlySet<string> = new Set(['not-ready', 'timed-out', 'rpc-timeout']);

/** Everything that is not ready or not programmed now, each with its last Event. Never rejects. */
export async function whyNotWhole(lab: Whole): Promise<Unready[]> {
  const { connection, readiness, clock } = lab;
  const ask = <T>(what: string, work: Promise<T>): Promise<T | Unready> =>
    within(clock, { what, ms: answerMs }, work).catch((error: unknown) => silent(what, error));
  const [unready, programming, events] = await Promise.all([
    ask('control', readiness.unready()),
    ask('agents', connection.programming()),
    ask('control', connection.client.list(resources.events)),
  ]);
  if (isUnready(unready)) return [unready];
  // Causes before what they cause.
  const all = [...unprogrammed(readiness, programming), ...unready];
  return isUnready(events) ? all : withEvents(all, events.items);
}

function unprogrammed(readiness: ReadinessWatch, programming: Programming | Unready): Unready[] {
  if (isUnready(programming)) return [programming];
  const { versions, failing, isBusy } = programming;
  const nodes = failing.map(({ node, why }) => ({
    kind: 'Node',
    key: node,
    why: `cannot be programmed: ${why}`,
  }));
  const policies = readiness.policiesAfter(versions).map((policy) => ({
    kind: 'NetworkPolicy',
    key: keyOf(policy),
    why: 'no node has been told of it yet',
  }));
  const rest = isBusy ? [{ kind: 'Process', key: 'agents', why: 'nodes are being programmed' }] : [];
  return [...nodes, ...policies, ...rest];
}

function silent(what: string, error: unknown): Unready {
  return { kind: 'Process', key: what, why: messageOf(error) };
}

function isUnready(value: object): value is Unready {
  return 'why' in value;
}

/** Each with the last Event about its object. */
function withEvents(unready: readonly Unready[], events: readonly CoreEvent[]): Unready[] {
  const last = new Map<string, UnreadyEvent>();
  for (const { involvedObject, reason, message, count = 1, lastTimestamp = '' } of events) {
    const id = `${involvedObject.kind} ${objectKey(involvedObject)}`;
    if ((last.get(id)?.lastTimestamp ?? '') > lastTimestamp) continue;
    last.set(id, { reason, message, count, lastTimestamp });
  }
  return unready.map((one) => {
    const event = last.get(`${one.kind} ${one.key}`);
    return event === undefined ? one : { ...one, event };
  });
}

function objectKey({ namespace, name }: CoreEvent['involvedObject']): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}
