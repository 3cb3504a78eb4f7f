import type { Journey } from '../../model/fabric/network/journey.ts';
import type { Judgement, NetworkPacket } from '../../model/fabric/network/passage.ts';
import type { Barrier } from '../flow.ts';

/** What a flow ends at: an outcome's field, empty where nobody wrote it. */
export function barrierOf(judgement: Judgement | undefined, packet: NetworkPacket): { barrier?: Barrier } {
  if (judgement === undefined) return {};
  const { group, direction, rule } = judgement;
  const { source, destination, protocol, port } = packet;
  const { name } = group.metadata;
  const { priority } = rule;
  const flow = { source, destination, protocol, port };
  return { barrier: { kind: 'NetworkSecurityGroup', name, direction, priority, ...flow } };
}

/** The same of a journey; appliances may have changed the source of what they pass on. */
export function barrierOn({ passages, end, source }: Journey, sent: NetworkPacket): { barrier?: Barrier } {
  if (end.kind !== 'lost') return {};
  const last = passages.at(-1);
  if (end.why === 'security-group') return barrierOf(last?.judgements.at(-1), { ...sent, source });
  const table = end.why === 'circle' ? undefined : last?.route?.table;
  if (table === undefined || sent.isAnswer === true) return {};
  return { barrier: { kind: 'RouteTable', name: table.name, index: table.index } };
}
