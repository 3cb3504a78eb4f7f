import type { Finding, LintAnswer } from '../../analysis/lint/lint.ts';
import { severities, type Severity } from '../../analysis/lint/rule.ts';
import { lintRules } from '../../analysis/lint/rules.ts';
import { toJson, toYaml } from './format.ts';
import { lintPage } from './lint-page.ts';

/** Findings for people, for scripts, and for code scanning. */
export async function renderLinted(
  answer: LintAnswer,
  format: 'text' | 'json' | 'yaml' | 'sarif',
): Promise<string> {
  if (format === 'text') return renderText(answer);
  if (format === 'json') return toJson(jsonOf(answer));
  if (format === 'yaml') return toYaml(jsonOf(answer));
  const { renderSarif } = await import('./sarif.ts');
  return renderSarif(
    lintRules.map((rule) => ({
      id: rule.id,
      name: rule.name,
      title: rule.title,
      level: levels[rule.severity],
      help: lintPage(rule),
    })),
    answer.findings.map((finding) => ({
      ruleId: finding.rule.id,
      level: levels[finding.rule.severity],
      message: sentenceOf(finding),
      place: finding.file === undefined ? undefined : { file: finding.file, line: finding.line ?? 1 },
    })),
  );
}

const levels = { error: 'error', warning: 'warning', info: 'note' } as const;

/** A line each, with the place first, as editors and terminals know how to follow it. */
function renderText(answer: LintAnswer): string {
  const lines = answer.findings.map((finding) => {
    const { rule, file, line } = finding;
    const place = file === undefined ? '' : `${file}:${line ?? 1}: `;
    return `${place}${rule.severity} ${rule.id}: ${sentenceOf(finding)}\n`;
  });
  const counts = countsOf(answer.findings);
  const { ignored } = answer;
  const words = [
    plural(counts.error, 'error'),
    plural(counts.warning, 'warning'),
    `${counts.info} info`,
    ...(ignored === 0 ? [] : [`${ignored} ignored`]),
  ];
  return [...lines, lines.length === 0 ? '' : '\n', `${words.join(', ')}\n`].join('');
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** `NetworkPolicy shop/db spec.ingress[0]: adds nothing: …` */
function sentenceOf({ object, path, message, doubt }: Finding): string {
  const inDoubt = doubt === undefined ? '' : ` [in doubt: ${doubt}]`;
  return `${object.kind} ${object.key} ${path}: ${message}${inDoubt}`;
}

function countsOf(findings: readonly Finding[]): Record<Severity, number> {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { rule } of findings) counts[rule.severity] += 1;
  return counts;
}

function jsonOf({ findings, ignored }: LintAnswer): unknown {
  return {
    findings: findings.map(({ rule, object, path, message, file, line, doubt }) => ({
      id: rule.id,
      name: rule.name,
      severity: rule.severity,
      title: rule.title,
      object: `${object.kind} ${object.key}`,
      path,
      message,
      file: file ?? null,
      line: line ?? null,
      doubt: doubt ?? null,
    })),
    summary: { ...countsOf(findings), ignored, total: findings.length },
  };
}

/** Whether one of the findings is as grave as this, or graver. */
export function hasSeverity(findings: readonly Finding[], least: Severity): boolean {
  const limit = severities.indexOf(least);
  return findings.some(({ rule }) => severities.indexOf(rule.severity) <= limit);
}
