import { watchReadiness, type Unready } from '../../lab/readiness.ts';
import type { ProcessStatus } from '../../lab/process-status.ts';
import { whyNotWhole } from '../../lab/whole.ts';
import { missingLab } from '../../lab/missing-lab.ts';
import { systemClock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { within } from '../../lib/within.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { requireFormat, toJson } from '../output/format.ts';
import { readCluster, type StatusReport } from '../status/report.ts';
import { renderStatus } from '../status/render.ts';

/** `weft status`: what runs, and what does not and why. Exit 1 when something is not ready. */
export async function status(
  env: CliEnvironment,
  options: { name: string; output: string },
): Promise<ExitCode> {
  const format = requireFormat(options.output, ['table', 'json']);
  const report = await readStatus(env, options.name);
  env.out(format === 'json' ? toJson(report) : renderStatus(report, systemClock.now()));
  return report.unready.length === 0 ? 0 : 1;
}

/** How long the API server may take to tell everything. */
const answerMs = 5000;

/** Of a lab that is whole, half dead or gone but for its files. Throws `lab-missing`. */
export async function readStatus(env: CliEnvironment, name: string): Promise<StatusReport> {
  const labs = await env.labs.list();
  if (!labs.includes(name)) throw missingLab(name, labs);
  const processes = await env.labs.processes(name);
  const missing = processes.filter(({ pid }) => pid === undefined).map(deadProcess);
  try {
    const { cluster, unready } = await within(
      systemClock,
      { what: 'the API server', ms: answerMs },
      readApi(env, name),
    );
    return { name, processes, cluster, unready: [...missing, ...unready] };
  } catch (error) {
    if (!(error instanceof WeftError)) throw error;
    const why = error.code === 'lab-missing' ? 'has not come so far as to serve' : error.message;
    return { name, processes, unready: [...missing, { kind: 'Process', key: 'control', why }] };
  }
}

function deadProcess({ role }: ProcessStatus): Unready {
  return { kind: 'Process', key: role, why: 'is not running' };
}

async function readApi(
  env: CliEnvironment,
  name: string,
): Promise<Required<Pick<StatusReport, 'cluster' | 'unready'>>> {
  const connection = await env.connect(name);
  try {
    const readiness = watchReadiness(connection.client, systemClock);
    const programming = await connection.programming().catch(() => undefined);
    const cluster = await readCluster(connection, programming);
    return { cluster, unready: await whyNotWhole({ connection, readiness, clock: systemClock }) };
  } finally {
    await connection.close();
  }
}
