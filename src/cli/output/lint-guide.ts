import { lintRules } from '../../analysis/lint/rules.ts';
import { ignoreAnnotation } from '../../analysis/lint/lint.ts';
import { lintExamples, lintPage } from './lint-page.ts';

/** docs/guide/lint.md */
export function lintGuide(): string {
  const rows = lintRules.map(
    ({ id, name, severity, title }) =>
      `| [${id}](#${id.toLowerCase()}-${name}) | ${name} | ${severity} | ${title} |\n`,
  );
  return `# Mistakes in policies, Services and routes

\`weft lint -f MANIFESTS\` looks for what is valid and still wrong: policies that select nobody, rules that nothing comes
of, ports that nobody has. It expands the manifests as \`weft reach\` does, so that it knows the pods, their addresses and
where Services lead, and asks the model that programs the kernel. Without \`-f\` it looks at the running lab. Of virtual
networks it looks at the routes and the security groups of their users.

\`\`\`sh
weft lint -f app/
weft lint -f app/ -o sarif > lint.sarif
weft lint --explain WL009
\`\`\`

| option | what it does |
|---|---|
| \`--fail-on error\\|warning\\|info\` | exit code 1 is for findings as grave as this; \`warning\` unless said otherwise |
| \`--ignore ID\` | leaves a rule out, everywhere |
| annotation \`${ignoreAnnotation}: WL010,WL021\` | leaves rules out for this object; the last line counts what is ignored |
| \`-o text\\|json\\|yaml\\|sarif\` | SARIF 2.1.0 is for code scanning: each finding stands at its line |

Findings are about the objects of \`-f\` alone, and are sorted by file and line. An id never changes its meaning. The exit
code is 0 where there is nothing to fail on, 1 where there is, and 2 where a manifest is broken, or where no
workloads are given, so that most rules cannot be asked.

| id | name | severity | what is wrong |
|---|---|---|---|
${rows.join('')}
${lintExamples()}
${lintRules.map((rule) => lintPage(rule, 2)).join('\n')}`;
}
