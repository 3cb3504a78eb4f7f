import type { ComparisonProbe } from '../../analysis/compare/comparison.ts';
import { readCluster } from '../../lab/cluster-of.ts';
import type { LabConnection } from '../../lab/connection.ts';
import { messageOf, WeftError } from '../../lib/errors.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { parseAddress } from '../../lib/address.ts';
import type { Cluster } from '../../model/cluster.ts';
import { resolveDestination, resolveSource } from '../endpoints/resolve.ts';
import { familyIn } from '../ip-family.ts';
import { verdictOf } from '../live/measured.ts';
import { probeOf } from '../live/probe-of.ts';
import type { ConnectionStep, Step } from './steps.ts';

/** How long silence counts as unreachable: everything is on this machine. */
const timeoutMs = 700;
/** RFC 1918. */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** What came of each step in a running lab, by capability; packets of all of them are under way at once. */
export async function observe(
  lab: LabConnection,
  steps: readonly Step[],
): Promise<Map<string, ComparisonProbe[]>> {
  const cluster = await readCluster(lab.client);
  const taken = await Promise.all(
    steps.map(async (step) => {
      const probes = 'looksAt' in step ? await layersOf(lab, cluster) : [await take(lab, cluster, step)];
      return { capability: step.capability, probes };
    }),
  );
  const observed = new Map<string, ComparisonProbe[]>();
  for (const { capability, probes } of taken) {
    observed.set(capability, [...(observed.get(capability) ?? []), ...probes]);
  }
  return observed;
}

/** What carries packets from each node to the others. */
function layersOf(lab: LabConnection, { nodes }: Cluster): Promise<ComparisonProbe[]> {
  return Promise.all(
    [...nodes.keys()].map(async (node) => {
      const links = await lab.nodeLinks(node);
      const verdict = links.some(({ kind }) => kind === 'vxlan') ? 'L2 (VxLAN)' : 'L3';
      const [from, to] = [`node:${node}`, 'the other nodes'];
      return {
        from,
        to,
        sent: 'links',
        verdict,
        sourceSeen: null,
        begunBy: 'pod',
        isAsWanted: true,
      } as const;
    }),
  );
}

async function take(lab: LabConnection, cluster: Cluster, step: ConnectionStep): Promise<ComparisonProbe> {
  const to = step.to.replace('{out}', balancedAddress(cluster));
  const { from, begunBy, wanted = 'allowed' } = step;
  try {
    const [source] = resolveSource(cluster, from).all;
    const [target] = resolveDestination(cluster, to).all;
    const { end: destination, protocol, port } = target;
    const family = familyIn(cluster, step.family);
    const probe = probeOf(cluster, {
      source: source.end,
      destination,
      protocol,
      port,
      ...(family && { family }),
    });
    const result = await (await lab.prober()).probe(probe, { timeoutMs });
    const [verdict, sourceSeen] = [verdictOf(result), result.answer?.source ?? null];
    const isAsWanted = verdict === wanted && (step.sees === undefined || isPrivate(sourceSeen));
    return { from, to, sent: `${protocol} ${port}`, verdict, sourceSeen, begunBy, isAsWanted };
  } catch (error) {
    // The network has no such thing: a family, say.
    if (!(error instanceof WeftError) || error.fault !== 'input') throw error;
    return {
      from,
      to,
      sent: 'nothing',
      verdict: messageOf(error),
      sourceSeen: null,
      begunBy,
      isAsWanted: false,
    };
  }
}

/** Of the Service that has one; empty before it has. */
function balancedAddress({ services }: Cluster): string {
  return services.get('compare/out')?.status?.loadBalancer?.ingress?.[0]?.ip ?? '';
}

function isPrivate(text: string | null): boolean {
  const address = parseAddress(text ?? '');
  if (address === undefined) return false;
  return privateRanges.some((range) => {
    const prefix = parsePrefix(range);
    return prefix !== undefined && contains(prefix, address);
  });
}
