import { formatExpectation } from '../expectations/expectation.ts';
import type { Checked } from '../expectations/check.ts';
import { formatReason, reasonPlace } from '../reasons.ts';
import { toJson } from './format.ts';
import type { SarifFinding } from './sarif.ts';
import { table } from './table.ts';

/** Checked expectations for people and for machines that read test reports. */
export async function renderChecked(
  checked: readonly Checked[],
  format: 'table' | 'json' | 'junit' | 'sarif',
): Promise<string> {
  if (format === 'table') return renderTable(checked);
  if (format === 'json') return toJson(jsonOf(checked));
  if (format === 'sarif') {
    const { renderSarif } = await import('./sarif.ts');
    return renderSarif([failedRule], checked.filter(({ passed }) => !passed).map(findingOf));
  }
  const { renderJunit } = await import('./junit.ts');
  return renderJunit(
    'weft test',
    checked.map((one) => ({
      suite: one.expectation.place?.file ?? 'command line',
      name: formatExpectation(one.expectation),
      properties: propertiesOf(one),
      ...(one.passed ? {} : { failure: { message: headline(one), text: details(one) } }),
    })),
  );
}

function renderTable(checked: readonly Checked[]): string {
  const failed = checked.filter(({ passed }) => !passed);
  const rows = checked.map(({ passed, expectation, actual }) => [
    passed ? 'ok' : 'FAILED',
    formatExpectation(expectation),
    actual,
  ]);
  return [
    table(['RESULT', 'EXPECTATION', 'ACTUAL'], rows),
    ...failed.map((one) => `\n${headline(one)}\n${details(one)}`),
    `\n${checked.length - failed.length} passed, ${failed.length} failed of ${checked.length}\n`,
  ].join('');
}

/** One failure in a line. */
function headline({ source, destination, expectation: { expected }, actual }: Checked): string {
  return `${source} -> ${destination}: expected ${expected}, is ${actual}`;
}

function details({ expectation: { place, because }, why, reasons }: Checked): string {
  return [
    ...(because === undefined ? [] : [`  expected because ${because}\n`]),
    ...(why === undefined ? [] : [`  ${why}\n`]),
    ...reasons.map((reason) => `  decided by ${formatReason(reason)}\n`),
    ...(place === undefined ? [] : [`  expected at ${place.file}:${place.line}\n`]),
  ].join('');
}

/** What a report of tests says of each, held or not. */
function propertiesOf({ expectation, reasons, ...one }: Checked): Record<string, string> {
  const { expected, because } = expectation;
  return {
    source: one.source,
    destination: one.destination,
    port: `${one.protocol} ${one.port}`,
    expected,
    actual: one.actual,
    rule: reasons.map(formatReason).join('; '),
    ...(because === undefined ? {} : { because }),
  };
}

function jsonOf(checked: readonly Checked[]): unknown {
  const passed = checked.filter((one) => one.passed).length;
  return {
    results: checked.map(({ expectation: { expected, place, because }, why, passed, reasons, ...one }) => ({
      source: one.source,
      destination: one.destination,
      protocol: one.protocol,
      port: one.port,
      expected,
      actual: one.actual,
      passed,
      why: why ?? null,
      because: because ?? null,
      reasons,
      file: place?.file ?? null,
      line: place?.line ?? null,
    })),
    summary: { passed, failed: checked.length - passed, total: checked.length },
  };
}

const failedRule = {
  id: 'expectation-failed',
  title: 'A connection is not what a test expects of it',
  level: 'error',
} as const;

/** At the line of the rule that decides, where it is known; else where the expectation stands. */
function findingOf(checked: Checked): SarifFinding {
  const place = checked.reasons.map(reasonPlace).find((one) => one !== undefined);
  return {
    ruleId: failedRule.id,
    level: failedRule.level,
    message: `${headline(checked)}\n${details(checked)}`.trimEnd(),
    place: place ?? checked.expectation.place,
  };
}
