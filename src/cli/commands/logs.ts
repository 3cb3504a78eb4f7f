import { resources } from '../../api/resources.ts';
import type { CoreEvent } from '../../api/types/core.ts';
import { formatLogLine, mentions, type LogLine } from '../../lab/logs/log-line.ts';
import { followLogs, openLogs } from '../../lab/logs/read-logs.ts';
import { missingLab } from '../../lab/missing-lab.ts';
import type { LabPaths } from '../../lab/paths.ts';
import { roleNames, type RoleName } from '../../lab/process-file.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf, WeftError } from '../../lib/errors.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { requireFormat } from '../output/format.ts';
import { parseSince } from './since.ts';

export interface LogsOptions {
  /** A role, `node NAME` or `node:NAME`, `NAMESPACE/POD` or `pod NAMESPACE/POD`; everything when empty. */
  readonly subject: readonly string[];
  readonly name: string;
  readonly follow: boolean;
  /** `90s`, `5m`, `2h`, `1d` ago, or a time of RFC 3339. */
  readonly since?: string;
  readonly tail?: number;
  readonly output: string;
}

/**
 * `weft logs`: what a lab's processes wrote, and of a node or pod also what was told as Events. Needs no process of the
 * lab: its files are enough.
 */
export async function logs(env: CliEnvironment, options: LogsOptions): Promise<ExitCode> {
  const format = requireFormat(options.output, ['text', 'json']);
  const subject = parseSubject(options.subject);
  const since = options.since === undefined ? 0 : parseSince(options.since, systemClock.now());
  const paths = await pathsOf(env, options.name);
  const isAsked = (line: LogLine): boolean =>
    line.time >= since && (subject.words === undefined || mentions(line, subject.words));
  const print = (lines: readonly LogLine[]): void => {
    for (const line of lines) env.out(`${format === 'json' ? JSON.stringify(line) : formatLogLine(line)}\n`);
  };

  const read = openLogs(paths, subject.roles);
  const written = subject.about === undefined ? read() : [...read(), ...(await eventsOf(env, options.name))];
  const asked = written.filter(isAsked).toSorted((a, b) => a.time - b.time);
  print(options.tail === undefined ? asked : asked.slice(Math.max(0, asked.length - options.tail)));
  if (asked.length === 0 && !options.follow) {
    env.err(`nothing was written${subject.about === undefined ? '' : ` about ${subject.about}`}\n`);
  }
  if (options.follow) {
    const { signal } = new AbortController();
    await followLogs(read, { paths, clock: systemClock, signal }, (lines) => print(lines.filter(isAsked)));
  }
  return 0;
}

async function pathsOf(env: CliEnvironment, name: string): Promise<LabPaths> {
  const labs = await env.labs.list();
  if (!labs.includes(name)) throw missingLab(name, labs);
  return env.labs.paths(name);
}

interface Subject {
  readonly roles: readonly RoleName[];
  /** A node or pod that lines and Events must name. */
  readonly about?: string;
  readonly words?: readonly string[];
}

function parseSubject(given: readonly string[]): Subject {
  const text = given.join(' ');
  if (text === '') return { roles: roleNames };
  const role = roleNames.find((name) => name === text);
  if (role !== undefined) return { roles: [role] };
  const node = /^node[: ]([^\s/:]+)$/.exec(text)?.[1];
  if (node !== undefined) return { roles: roleNames, about: node, words: [node, `node-${node}`] };
  const pod = /^(?:pod[: ])?([^\s/:]+\/[^\s/:]+)$/.exec(text)?.[1];
  if (pod !== undefined) return { roles: roleNames, about: pod, words: [pod] };
  throw new WeftError('log-subject', `"${text}" has no logs`, {
    fault: 'input',
    hint: `use one of ${roleNames.join(', ')}, "node NAME", or NAMESPACE/POD`,
  });
}

/** All Events as lines that name their object. Those of a lab whose API server does not answer are done without. */
async function eventsOf(env: CliEnvironment, name: string): Promise<LogLine[]> {
  try {
    const connection = await env.connect(name);
    try {
      return (await connection.client.list(resources.events)).items.map(eventLine);
    } finally {
      await connection.close();
    }
  } catch (error) {
    env.err(`weft: Events cannot be read: ${messageOf(error)}\n`);
    return [];
  }
}

function eventLine({ involvedObject, reason, message, type, count, lastTimestamp }: CoreEvent): LogLine {
  const { kind, namespace, name } = involvedObject;
  return {
    source: 'events',
    time: Date.parse(lastTimestamp ?? '') || 0,
    level: type === 'Warning' ? 'warn' : 'info',
    message: `${reason}: ${message}`,
    fields: { [kind.toLowerCase()]: namespace === undefined ? name : `${namespace}/${name}`, count },
  };
}
