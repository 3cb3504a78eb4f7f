import type { Expectation, OracleWorld, Question } from './expectation.ts';
import type { Observed } from './network.ts';

/** What is expected of a packet, and what came of it. */
export interface Answer {
  readonly expected: Expectation;
  readonly found: Observed;
}

/** What is wrong; undefined when nothing is. */
export function differs(world: OracleWorld, question: Question, answer: Answer): string | undefined {
  const [expected, seen] = [wordsOf(world, question, answer), seenOf(answer.found)];
  if (seen === expected) return undefined;
  // Ports that nobody listens on are refused by the node itself.
  const isOfNode = answer.expected.kind === 'untouched' && question.destination === world.node.address;
  return isOfNode && seen === 'rejected' ? undefined : `${expected} is expected, not ${seen}`;
}

function seenOf({ went, wasRefused }: Observed): string {
  if (went !== undefined) return `${went.backend} as ${went.source}`;
  return wasRefused ? 'rejected' : 'dropped';
}

/** In the words of `seenOf`, for the backend and the address of the node that were drawn, where they may be. */
function wordsOf(world: OracleWorld, question: Question, { expected, found: { went } }: Answer): string {
  if (expected.kind === 'untouched') {
    return `${question.destination} ${question.port} as ${went?.source ?? question.source}`;
  }
  if (expected.kind !== 'translated') return expected.kind;
  const backend = went?.backend ?? '';
  if (!expected.backends.has(backend)) return `one of ${[...expected.backends].join()}`;
  if (!expected.masqueraded.has(backend)) return `${backend} as ${question.source}`;
  const own = [world.node.address, world.node.tunnelAddress];
  return `${backend} as ${own.find((address) => address === went?.source) ?? world.node.address}`;
}

/** With affinity, what the same client asked before went to the same backend. */
export function strays(
  clients: Map<string, string>,
  { source }: Question,
  { expected, found }: Answer,
): string | undefined {
  if (expected.kind !== 'translated' || expected.affinity === undefined || found.went === undefined)
    return undefined;
  const client = `${source} ${expected.affinity}`;
  const before = clients.get(client) ?? found.went.backend;
  clients.set(client, before);
  return before === found.went.backend
    ? undefined
    : `the client was at ${before} and is at ${found.went.backend}`;
}

/** Who was chosen of whom, over all questions with the same choice. */
export function createDraws(): {
  add(place: string, expected: Expectation, found: Observed): void;
  neverChosen(): string[];
} {
  const groups = new Map<
    string,
    { count: number; readonly chosen: Set<string>; readonly backends: ReadonlySet<string> }
  >();
  return {
    add(place, expected, { went }) {
      if (expected.kind !== 'translated' || expected.affinity !== undefined || went === undefined) return;
      const world = place.slice(0, place.indexOf(' '));
      const name = `${world}: ${[...expected.backends].toSorted().join()}`;
      const group = groups.get(name) ?? { count: 0, chosen: new Set<string>(), backends: expected.backends };
      groups.set(name, group);
      group.count += 1;
      group.chosen.add(went.backend);
    },
    // Of five, one is missed in 70 draws once in six million times.
    neverChosen: () =>
      [...groups].flatMap(([name, { count, chosen, backends }]) =>
        count < 14 * backends.size || chosen.size === backends.size
          ? []
          : [`${name} in ${count} draws: ${[...chosen].join()}`],
      ),
  };
}
