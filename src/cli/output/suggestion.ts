import type { SuggestionProof } from '../../analysis/suggest/proof.ts';
import type { Suggestion } from '../../analysis/suggest/suggest.ts';

/** The policies as manifests, each with whom it is about. */
export async function renderSuggestion({ policies }: Suggestion): Promise<string> {
  const { stringify } = await import('yaml');
  return policies
    .map(({ policy, workloads, observed }) => {
      const seen = observed === 0 ? 'nothing was seen of it' : `${observed} seen`;
      return `---\n# ${workloads.join(', ')}: ${seen}\n${stringify(policy, { aliasDuplicateObjects: false })}`;
    })
    .join('');
}

const mostLines = 20;

/** What the model says of them, for people. */
export function renderProvenSuggestion(
  { policies, flows, notes }: Suggestion,
  { broken, before, after, unused, outside }: SuggestionProof,
): string {
  const kept = flows.length - broken.length;
  const lines = [
    ...notes.map((note) => `note: ${note}`),
    `${policies.length} policies; ${kept} of ${flows.length} seen connections stay allowed`,
    ...broken.map(
      ({ flow, why }) =>
        `broken: ${flow.source} -> ${flow.destination} ${flow.protocol} ${flow.port}: ${why}`,
    ),
    `pairs of ends that reach each other: ${before} before, ${after} with them`,
  ];
  const open = [
    ...unused.map(({ source, destination, ports }) => `${source} => ${destination} : ${ports.join(', ')}`),
    ...outside,
  ];
  if (open.length === 0) lines.push('the rest is closed, ICMP too, but for the cluster DNS');
  else {
    lines.push('other policies keep open what was not seen; it closes when they go:');
    lines.push(...open.slice(0, mostLines).map((line) => `  ${line}`));
    if (open.length > mostLines) lines.push(`  and ${open.length - mostLines} more`);
  }
  return `${lines.join('\n')}\n`;
}
