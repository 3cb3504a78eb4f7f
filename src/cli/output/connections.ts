import type { Reach } from '../../analysis/reach/answer.ts';

/** The connectivity list: a line per connection, what is unknown, and a line of counts. */
export function renderConnections({ connections, unknown, summary }: Reach): string {
  const { ends, pods, policies } = summary;
  return [
    ...connections.map(
      ({ source, destination, ports }) => `${source} => ${destination} : ${ports.join(', ')}\n`,
    ),
    ...(unknown.length === 0 ? [] : ['\nUnknown:\n']),
    ...unknown.map(({ source, destination, why }) => `${source} => ${destination} : ${why}\n`),
    `\n${summary.connections} connections, ${summary.unknown} unknown; ${ends} ends, ${pods} pods, ${policies} policies\n`,
  ].join('');
}
