import type { Finding, Remedy, State } from '../../doctor/finding.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { requireFormat, toJson, toYaml } from '../output/format.ts';
import { table } from '../output/table.ts';

const marks = { ok: '✓', limited: '!', missing: '✗', skipped: '-' } as const satisfies Record<State, string>;

/** `weft doctor`: what this machine must have for labs, and how to get what is missing. Exit 3 when something is. */
export async function doctor(env: CliEnvironment, options: { output: string }): Promise<ExitCode> {
  const format = requireFormat(options.output, ['text', 'json', 'yaml']);
  const findings = await env.diagnose();
  if (format === 'text') env.out(render(findings));
  else env.out(await (format === 'json' ? toJson : toYaml)({ findings, summary: countsOf(findings) }));
  return findings.some(({ state }) => state === 'missing') ? 3 : 0;
}

function countsOf(findings: readonly Finding[]): Record<State, number> {
  const counts = { ok: 0, limited: 0, missing: 0, skipped: 0 };
  for (const { state } of findings) counts[state]++;
  return counts;
}

function render(findings: readonly Finding[]): string {
  const rows = findings.map(({ check, state, found }) => [marks[state], check, found]);
  const { ok, limited, missing, skipped } = countsOf(findings);
  return [
    table(['', 'CHECK', 'FOUND'], rows),
    ...findings.flatMap(({ check, state, remedy }) =>
      remedy === undefined ? [] : [`\n${marks[state]} ${check}: ${remedy.hint}\n${packagesOf(remedy)}`],
    ),
    `\n${ok} ok, ${limited} limited, ${missing} missing, ${skipped} not tried\n`,
  ].join('');
}

function packagesOf({ debian, fedora }: Remedy): string {
  return [
    ...(debian === undefined ? [] : [`    Debian, Ubuntu: ${debian}\n`]),
    ...(fedora === undefined ? [] : [`    Fedora: ${fedora}\n`]),
  ].join('');
}
