import type { Flow, FlowEnd } from '../../src/analysis/flow.ts';
import { predict } from '../../src/analysis/predict/predict.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { evaluate } from './evaluator/evaluate.ts';
import type { Destination, Question, Source } from './evaluator/question.ts';

/**
 * What may come of a question, in words that can be compared: `allowed SOURCE-SEEN BACKEND` (the backend is empty
 * without a Service), `denied`, `refused`, `rejected` or `unreachable`. Sorted, each once.
 */
export type Answers = readonly string[];

/**
 * The analyser's answers. A denial tells its direction and its policies too; a Service that serves nobody is
 * `unreachable`.
 */
export function predictedAnswers(cluster: Cluster, question: Question): Answers {
  return sorted(
    predict(cluster, flowOf(question)).outcomes.map(({ verdict, sourceSeen, backend, reasons }) => {
      if (verdict === 'allowed') return `allowed ${sourceSeen} ${backend ?? ''}`;
      if (verdict !== 'denied') return verdict;
      const deciding = reasons.filter((reason) => reason.verdict === 'denied');
      const policies = deciding.map(({ object }) => object.replace(/^NetworkPolicy /, ''));
      return `denied ${deciding[0]?.stage} ${policies.join()}`;
    }),
  );
}

/** The evaluator's answers. */
export function evaluatedAnswers(objects: readonly KubernetesObject[], question: Question): Answers {
  return sorted(
    evaluate(objects, question).map((outcome) =>
      outcome.verdict === 'allowed'
        ? `allowed ${outcome.sourceSeen} ${podOf(outcome.backend)}`
        : outcome.verdict,
    ),
  );
}

/** A backend is told by its pod; where it is none, by nothing. */
function podOf(backend = ''): string {
  return backend.includes('/') ? backend : '';
}

/** As coarse as the coarser of two answers, so that they can be compared. */
export function coarse(answers: Answers): Answers {
  return sorted(
    answers.map((answer) => {
      if (answer.startsWith('denied')) return 'denied';
      return answer === 'rejected' ? 'unreachable' : answer;
    }),
  );
}

const sorted = (answers: Answers): Answers => [...new Set(answers)].sort();

/** The objects of a cluster as the evaluator takes them. */
export function objectsOf(cluster: Cluster): KubernetesObject[] {
  const kinds = {
    Node: cluster.nodes,
    Namespace: cluster.namespaces,
    Pod: cluster.pods,
    Service: cluster.services,
    EndpointSlice: cluster.endpointSlices,
    NetworkPolicy: cluster.networkPolicies,
    ClusterNetworkPolicy: cluster.clusterNetworkPolicies,
    AdminNetworkPolicy: cluster.adminNetworkPolicies,
    BaselineAdminNetworkPolicy: cluster.baselineAdminNetworkPolicies,
  };
  return Object.entries(kinds).flatMap(([kind, objects]) =>
    [...objects.values()].map((object) => ({ ...object, kind })),
  );
}

/** The question as the analyser takes it. */
export function flowOf({ source, destination, protocol, port, family = 'IPv4' }: Question): Flow {
  const end =
    destination.kind === 'service'
      ? { kind: 'service' as const, key: destination.service }
      : endOf(destination);
  return { source: endOf(source), destination: end, protocol, port, family };
}

function endOf(end: Exclude<Source | Destination, { kind: 'service' }>): FlowEnd {
  if (end.kind === 'pod') return { kind: 'pod', key: end.pod };
  if (end.kind === 'node') return { kind: 'node', name: end.node };
  return { kind: 'address', address: end.address };
}
