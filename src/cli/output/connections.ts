import type { Connection, Reach } from '../../analysis/reach/answer.ts';
import type { Reason } from '../../analysis/flow.ts';
import { formatReason, reasonJson } from '../reasons.ts';

/** The connectivity list: a line per connection, what is unknown, and a line of counts. */
export function renderConnections({ connections, unknown, summary }: Reach): string {
  const { ends, pods, policies } = summary;
  return [
    ...connections.map(
      (one) =>
        `${one.source} => ${one.destination} : ${one.ports.join(', ')}\n${becauseOf(one)
          .map((line) => `    ${line}\n`)
          .join('')}`,
    ),
    ...(unknown.length === 0 ? [] : ['\nUnknown:\n']),
    ...unknown.map(({ source, destination, why }) => `${source} => ${destination} : ${why}\n`),
    `${connections.length + unknown.length === 0 ? '' : '\n'}${summary.connections} connections, ${summary.unknown} unknown; ${ends} ends, ${pods} pods, ${policies} policies\n`,
  ].join('');
}

/** `ingress: NetworkPolicy a/b spec.ingress[0] (policies.yaml:12)` each; none where nobody asked why. */
export function becauseOf({ because = [] }: Pick<Connection, 'because'>): string[] {
  return because.map(reasonLine);
}

export function reasonLine(reason: Reason): string {
  return `${reason.stage}: ${formatReason(reasonJson(reason))}`;
}

/** As programs read it: what is not known of a reason is null. */
export function reachJson(answer: Reach): object & { readonly connections: readonly object[] } {
  const connections = answer.connections.map(({ because, ...one }) => ({
    ...one,
    ...(because && { because: because.map(reasonJson) }),
  }));
  return { ...answer, connections };
}
