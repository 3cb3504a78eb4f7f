import { WeftError } from '../../../lib/errors.ts';
import type { BgpNeighbour, BgpSession, LearnedRoute } from '../port.ts';
import { protocolName } from './bird-config.ts';

/** A line of BIRD's answers: its code, and its text. Lines that go on with the one before have its code. */
export interface BirdLine {
  readonly code: string;
  readonly text: string;
}

/** An answer's last line has a space behind its code. */
const lastLine = /^\d{4} .*\n/m;

/** BIRD greets whoever connects; `answers` counts the greeting too. */
export function hasAnswers(heard: string, answers: number): boolean {
  return (
    heard.split('\n').filter((line) => lastLine.test(`${line}\n`)).length >= answers && heard.endsWith('\n')
  );
}

/** The lines of an answer, without the greeting. Throws `bgp-refused` for an error that BIRD tells (8xxx, 9xxx). */
export function birdLines(heard: string): BirdLine[] {
  const lines: BirdLine[] = [];
  for (const line of heard.split('\n')) {
    const [, code, text] = /^(\d{4})[ -](.*)$/.exec(line) ?? [];
    if (code !== undefined) lines.push({ code, text: text ?? '' });
    else if (line !== '') lines.push({ code: lines.at(-1)?.code ?? '', text: line.slice(1) });
  }
  const refusal = lines.find(({ code }) => /^[89]/.test(code));
  if (refusal === undefined) return lines.filter(({ code }) => code !== '0001');
  throw new WeftError('bgp-refused', `BIRD refused what it was told: ${refusal.text}`, {
    fault: 'environment',
  });
}

/** From `show protocols`: name, kind, table, state, since, then what it says of itself. */
export function birdSessions(lines: readonly BirdLine[], neighbours: readonly BgpNeighbour[]): BgpSession[] {
  const told = new Map<string, string>();
  for (const { code, text } of lines) {
    const [, name, said] = /^(\S+)\s+BGP\s+\S+\s+\S+\s+\S+\s*(.*)$/.exec(text) ?? [];
    if (code === '1002' && name !== undefined)
      told.set(name, (said ?? '').trim().replaceAll(/\s{2,}/g, ': '));
  }
  return neighbours.map((neighbour) => {
    const said = told.get(protocolName(neighbour)) ?? 'not started';
    const isEstablished = said.startsWith('Established');
    return { name: neighbour.name, isEstablished, ...(!isEstablished && { why: said }) };
  });
}

/** From `show route all`. */
export function birdRoutes(lines: readonly BirdLine[], neighbours: readonly BgpNeighbour[]): LearnedRoute[] {
  const addresses = new Map(neighbours.map((one) => [protocolName(one), one.address]));
  const found: { -readonly [K in keyof LearnedRoute]: LearnedRoute[K] }[] = [];
  let prefix = '';
  let isOurs = false;
  for (const { text } of lines) {
    const route = /^(\S*)\s+(?:unicast|unreachable|blackhole) \[(\S+) /.exec(text);
    if (route !== null) {
      prefix = route[1] === '' ? prefix : (route[1] ?? '');
      const from = addresses.get(route[2] ?? '');
      isOurs = from !== undefined;
      if (from !== undefined) found.push({ prefix, from, asPath: [], communities: [], largeCommunities: [] });
    }
    const attribute = /^\s*BGP\.(\w+): (.*)$/.exec(text);
    const last = found.at(-1);
    if (attribute !== null && last !== undefined && isOurs) {
      Object.assign(last, attributeOf(attribute[1] ?? '', attribute[2] ?? ''));
    }
  }
  return found;
}

function attributeOf(name: string, value: string): Partial<LearnedRoute> {
  if (name === 'as_path') return { asPath: value.split(' ').filter(Boolean).map(Number) };
  if (name === 'local_pref') return { localPref: Number(value) };
  if (name === 'community') return { communities: groupsOf(value) };
  return name === 'large_community' ? { largeCommunities: groupsOf(value) } : {};
}

/** `(64500,100) (64500,200)` */
function groupsOf(value: string): string[] {
  return [...value.matchAll(/\(([^)]*)\)/g)].map(([, group = '']) => group.replaceAll(/,\s*/g, ':'));
}
