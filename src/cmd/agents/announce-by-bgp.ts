import { join } from 'node:path';
import { createSpeakers, type Speakers, type SpeakersOptions } from '../../agent/bgp/speakers.ts';
import { whyNoSignedSegments } from '../../kernel/sockets/tcp-md5.ts';
import type { LabPaths } from '../../lab/paths.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Metric } from '../../lib/metrics.ts';
import { nodeNetns } from '../../model/fabric/default-fabric.ts';
import { bgpDaemons } from '../bgp-daemons.ts';

/** The speakers of a lab's nodes. */
export function announceByBgp(
  paths: LabPaths,
  { client, events, log, onTold }: Pick<SpeakersOptions, 'client' | 'events' | 'log' | 'onTold'>,
): Speakers {
  return createSpeakers({
    client,
    events,
    log,
    ...(onTold !== undefined && { onTold }),
    daemons: bgpDaemons('nodes', paths.bgp.nodes, log),
    netnsFileOf: (node) => join(paths.namespaces, nodeNetns(node)),
    whyNoPasswords: () => whyNoSignedSegments()?.message,
    clock: systemClock,
  });
}

/** Sessions of all nodes. */
export function sessionsMetrics(speakers: Pick<Speakers, 'sessions'>): Metric[] {
  const all = [...speakers.sessions().values()].flat();
  const established = all.filter(({ isEstablished }) => isEstablished).length;
  return [
    {
      name: 'weft_bgp_sessions',
      help: 'BGP sessions that nodes should have.',
      type: 'gauge',
      value: all.length,
    },
    {
      name: 'weft_bgp_sessions_established',
      help: 'BGP sessions of nodes that are established.',
      type: 'gauge',
      value: established,
    },
  ];
}
