import type { LabConnection } from '../../lab/connection.ts';
import { systemClock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { keepAlive } from '../../lib/keep-alive.ts';
import { sleep } from '../../lib/sleep.ts';
import type { FlowReport, ObservedFlow } from '../../model/flows/observed-flow.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { requireFormat, toJson } from '../output/format.ts';
import { table } from '../output/table.ts';

export interface FlowsOptions {
  readonly name: string;
  readonly record: boolean;
  readonly stop: boolean;
  readonly follow: boolean;
  readonly output: string;
}

const followEveryMs = 500;

/** `weft flows`: what was seen to be let through since `--record`. */
export async function flows(env: CliEnvironment, options: FlowsOptions): Promise<ExitCode> {
  const format = requireFormat(options.output, ['table', 'json']);
  const { record, stop, follow } = options;
  if (record && stop)
    throw new WeftError('flows-request', 'give one of --record and --stop', { fault: 'input' });
  const lab = await env.connect(options.name);
  try {
    if (record || stop) {
      await lab.recordFlows(record);
      const said = record ? 'flows are recorded from now on' : 'flows are recorded no more';
      env.err(`weft: ${said}\n`);
      if (!follow) return 0;
    }
    if (follow) await followFlows(env, lab, format);
    else tell(env, requireRecorded(await lab.flows(), options.name), format);
    return 0;
  } finally {
    await lab.close();
  }
}

/** Throws `flows-unrecorded` where nothing is recorded. */
export function requireRecorded(report: FlowReport, name: string): FlowReport {
  if (report.since !== null) return report;
  throw new WeftError('flows-unrecorded', `lab ${name} records no flows`, {
    fault: 'input',
    hint: 'weft flows --record, then use the application, then ask again',
  });
}

function tell(env: CliEnvironment, report: FlowReport, format: 'table' | 'json'): void {
  if (format === 'json') {
    env.out(toJson(report));
    return;
  }
  const rows = report.flows.map((flow) => [...wordsOf(flow), flow.last]);
  env.out(table([...head, 'LAST SEEN'], rows));
  tellLost(env, report);
}

const head = ['SOURCE', 'DESTINATION', 'PORT', 'SEEN'];

function wordsOf({ source, destination, protocol, port, sent, received }: ObservedFlow): string[] {
  const seen = sent && received ? 'sent, received' : sent ? 'sent' : 'received';
  return [source, destination, `${protocol} ${port}`, seen];
}

/** Says that the answer may not be whole. */
export function tellLost(env: Pick<CliEnvironment, 'err'>, { lost }: FlowReport): void {
  if (lost > 0) env.err(`weft: ${lost} times there was no room for a flow: what is told is not all\n`);
}

/** A line for each flow, when it is first seen. */
async function followFlows(
  env: CliEnvironment,
  lab: Pick<LabConnection, 'flows' | 'options'>,
  format: 'table' | 'json',
): Promise<void> {
  const ended = new AbortController();
  const sleepAgain = keepAlive();
  void env.untilInterrupted().then(() => ended.abort());
  try {
    const told = new Set<string>();
    while (!ended.signal.aborted) {
      const { flows: seen } = requireRecorded(await lab.flows(), lab.options.name);
      tellNew(env, seen, { told, format });
      await sleep(systemClock, followEveryMs, ended.signal);
    }
  } finally {
    sleepAgain();
  }
}

function tellNew(
  env: CliEnvironment,
  seen: readonly ObservedFlow[],
  { told, format }: { told: Set<string>; format: 'table' | 'json' },
): void {
  for (const flow of seen) {
    const [source = '', destination = '', port = ''] = wordsOf(flow);
    const key = `${source} -> ${destination}  ${port}`;
    if (told.has(key)) continue;
    told.add(key);
    env.out(format === 'json' ? `${JSON.stringify(flow)}\n` : `${flow.first}  ${key}\n`);
  }
}
