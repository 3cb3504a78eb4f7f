import { evaluatedAnswers } from '../answers.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import type { Question, Source } from '../evaluator/question.ts';
import { readWorld, type World, type WorldPod } from '../evaluator/world.ts';

/**
 * What a question is about, so that a sample has questions about everything: who asks what, and what the evaluator
 * says may come of it: whose address is seen, whether the source meets itself, and where the backend is.
 */
export function createKindOf(objects: readonly KubernetesObject[]): (question: Question) => string {
  const worlds = { IPv4: readWorld(objects, 'IPv4'), IPv6: readWorld(objects, 'IPv6') };
  return (question) => {
    const { source, destination, protocol, family = 'IPv4' } = question;
    const world = worlds[family];
    const answers = evaluatedAnswers(objects, question).map((answer) => shapeOf(world, source, answer));
    return [family, source.kind, destination.kind, protocol, ...new Set(answers)].join(' ');
  };
}

function shapeOf(world: World, source: Source, answer: string): string {
  const [verdict = '', seen = '', backend = ''] = answer.split(' ');
  if (verdict !== 'allowed') return verdict;
  const asking = 'pod' in source ? world.pods.find(({ key }) => key === source.pod) : undefined;
  const home = 'node' in source ? source.node : asking?.node;
  const answering = world.pods.find(({ key }) => key === backend);
  const where = answering === undefined ? '' : whereIs(answering, { asking, home });
  return `allowed as ${whose(world, seen, asking)} ${where}`;
}

function whose({ nodes }: World, address: string, asking: WorldPod | undefined): string {
  if (address === asking?.address) return 'its own';
  return nodes.some(({ tunnel }) => tunnel === address) ? 'tunnel' : 'node';
}

function whereIs(
  answering: WorldPod,
  { asking, home }: { asking: WorldPod | undefined; home: string | undefined },
): string {
  if (answering === asking) return 'by itself';
  const where = answering.node === home ? 'here' : 'elsewhere';
  return answering.hostNetwork ? `by a host pod ${where}` : `by a pod ${where}`;
}
