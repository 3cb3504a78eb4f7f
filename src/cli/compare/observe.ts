import type { ComparisonProbe } from '../../analysis/compare/comparison.ts';
import { dnsAddress } from '../../api/allocation.ts';
import { readCluster } from '../../lab/cluster-of.ts';
import type { LabConnection } from '../../lab/connection.ts';
import { messageOf, WeftError } from '../../lib/errors.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { parseAddress } from '../../lib/address.ts';
import type { Cluster } from '../../model/cluster.ts';
import { primaryServiceCidr } from '../../model/network/config.ts';
import type { ProbeResult } from '../../workload/port.ts';
import { resolveDestination, resolveSource } from '../endpoints/resolve.ts';
import { familyIn } from '../ip-family.ts';
import { verdictOf } from '../live/measured.ts';
import { podNetns, probeOf } from '../live/probe-of.ts';
import type { ConnectionStep, NameStep, Step } from './steps.ts';

/** How long silence counts as unreachable: everything is on this machine. */
const timeoutMs = 700;
/** How long the world may take to follow, and how long to wait before looking again. */
const followMs = 2500;
const restMs = 200;
/** RFC 1918. */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/**
 * What came of each step in a running lab, by capability; packets of all of them are under way at once. Nobody waits until
 * the world around the nodes has followed its objects: what does not go as wanted is tried again for a while.
 */
export async function observe(
  lab: LabConnection,
  steps: readonly Step[],
): Promise<Map<string, ComparisonProbe[]>> {
  const deadline = performance.now() + followMs;
  const taken = new Map<Step, readonly ComparisonProbe[]>();
  for (let left = steps; left.length > 0; left = steps.filter((step) => !isAsWanted(taken.get(step)))) {
    if (taken.size > 0) {
      if (performance.now() > deadline) break;
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    const cluster = await readCluster(lab.client);
    await Promise.all(left.map(async (step) => taken.set(step, await probesOf(lab, cluster, step))));
  }
  const observed = new Map<string, ComparisonProbe[]>();
  for (const step of steps) {
    const { capability } = step;
    observed.set(capability, [...(observed.get(capability) ?? []), ...(taken.get(step) ?? [])]);
  }
  return observed;
}

function isAsWanted(probes: readonly ComparisonProbe[] = []): boolean {
  return probes.every((probe) => probe.isAsWanted);
}

function probesOf(lab: LabConnection, cluster: Cluster, step: Step): Promise<readonly ComparisonProbe[]> {
  if ('looksAt' in step) return layersOf(lab, cluster);
  return 'name' in step ? askName(lab, cluster, step) : take(lab, cluster, step);
}

/** Asks where the pod's own resolver would ask. */
async function askName(lab: LabConnection, cluster: Cluster, step: NameStep): Promise<ComparisonProbe[]> {
  const { from, name, has } = step;
  const pod = cluster.pods.get(from);
  if (pod === undefined) return [];
  const server = dnsAddress(primaryServiceCidr(cluster.config));
  const addresses = await lab
    .resolve({ netns: podNetns(pod), addresses: [server] }, name)
    .catch((error: unknown) => [messageOf(error)]);
  const verdict = addresses.length === 0 ? 'no such name' : addresses.join(', ');
  const probe = {
    from,
    to: server,
    sent: `name ${name}`,
    verdict,
    sourceSeen: null,
    begunBy: 'pod',
  } as const;
  return [{ ...probe, isAsWanted: addresses.includes(has) }];
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

async function take(lab: LabConnection, cluster: Cluster, step: ConnectionStep): Promise<ComparisonProbe[]> {
  const to = step.to.replace('{out}', balancedAddress(cluster));
  const { from, begunBy, wanted = 'allowed' } = step;
  try {
    const [source] = resolveSource(cluster, from).all;
    const [target] = resolveDestination(cluster, to).all;
    const { end: destination, protocol, port } = target;
    const family = familyIn(cluster, step.family);
    const flow = { source: source.end, destination, protocol, port, ...(family && { family }) };
    const result = await (await lab.prober()).probe(probeOf(cluster, flow), { timeoutMs });
    const [verdict, sourceSeen] = [verdictOf(result), result.answer?.source ?? null];
    const probe = { from, to, sent: `${protocol} ${port}`, verdict, sourceSeen, begunBy };
    return [{ ...probe, isAsWanted: verdict === wanted && isAnsweredAs(step, result) }];
  } catch (error) {
    // The network has no such thing: a family, say.
    if (!(error instanceof WeftError) || error.fault !== 'input') throw error;
    const verdict = messageOf(error);
    return [{ from, to, sent: 'nothing', verdict, sourceSeen: null, begunBy, isAsWanted: false }];
  }
}

/** Whether the other end saw, and was, whom it must. */
function isAnsweredAs({ sees, answeredBy = '' }: ConnectionStep, { answer }: ProbeResult): boolean {
  const wasSeen = sees === undefined || isPrivate(answer?.source ?? null);
  return wasSeen && (answer?.pod ?? '').startsWith(answeredBy);
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
