import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { Question } from '../evaluator/question.ts';
import type { Disagreement } from './compare.ts';

/** Shown of each seed; the rest has the same cause more often than not. */
const mostShown = 5;

/** Everything that somebody needs who wants to know why the answers differ. */
export function report(
  found: readonly Disagreement[],
  { replay, objects }: { replay: string; objects: readonly KubernetesObject[] },
): string {
  const shown = found.slice(0, mostShown).map((one) => describe(one, objects));
  return [`${found.length} disagreements`, ...shown, `replay: ${replay}`].join('\n\n');
}

function describe(
  { question, predicted, evaluated, measured, result }: Disagreement,
  objects: readonly KubernetesObject[],
): string {
  const { denial, rejectedBy } = result;
  return [
    JSON.stringify(question),
    `  analyser:  ${predicted.join(' | ')}`,
    `  evaluator: ${evaluated.join(' | ')}`,
    `  packet:    ${measured}${rejectedBy === undefined ? '' : ` by ${rejectedBy}`}`,
    ...(denial === undefined ? [] : [`  denial:    ${JSON.stringify(denial)}`]),
    ...concerned(question, objects).map((object) => `  ${JSON.stringify(plain(object))}`),
  ].join('\n');
}

/** The ends of the question, every Service, and the policies of the namespaces at both ends. */
function concerned(
  { source, destination }: Question,
  objects: readonly KubernetesObject[],
): KubernetesObject[] {
  const ends = [source, destination].flatMap((end) =>
    'pod' in end ? [end.pod] : 'service' in end ? [end.service] : [],
  );
  const namespaces = new Set(ends.map((key) => key.split('/')[0]));
  return objects.filter(({ kind, metadata }) => {
    if (kind === 'Pod') return ends.includes(`${metadata.namespace}/${metadata.name}`);
    if (kind === 'Namespace') return namespaces.has(metadata.name);
    return (kind === 'Service' || kind === 'NetworkPolicy') && (metadata.namespace ?? '').startsWith('ns-');
  });
}

function plain(object: KubernetesObject): unknown {
  const { kind, metadata, spec, status } = object as KubernetesObject & {
    spec?: unknown;
    status?: { podIP?: string };
  };
  const { namespace, name, labels } = metadata;
  return { kind, namespace, name, labels, spec, podIP: status?.podIP };
}
