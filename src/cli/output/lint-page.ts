import { exampleWorkloads } from '../../analysis/lint/examples.ts';
import type { LintRule } from '../../analysis/lint/rule.ts';

/** The page about a rule, as Markdown that reads well as it is. `level` is that of its heading. */
export function lintPage(rule: LintRule, level = 1): string {
  const { id, name, severity, title, why, fix, example } = rule;
  const heading = '#'.repeat(level);
  return `${heading} ${id} ${name}

${title} (${severity}).

${why}

${fix}

This has the mistake:

${fenced(example.wrong)}
This does not:

${fenced(example.right)}`;
}

/** What every example is about. */
export function lintExamples(): string {
  return `The examples stand beside these workloads:\n\n${fenced(exampleWorkloads)}`;
}

function fenced(yaml: string): string {
  return `\`\`\`yaml\n${yaml}\`\`\`\n`;
}
