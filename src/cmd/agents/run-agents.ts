import { release } from 'node:os';
import { createAgents } from '../../agent/agents.ts';
import { decodeLesson } from '../../agent/domains/domains.ts';
import { createDomainJournal } from '../../agent/domains/journal.ts';
import { createProblemTeller } from '../../agent/problem-teller.ts';
import { createNodeLeases } from '../../agent/node-leases.ts';
import { dnsAddress } from '../../api/allocation.ts';
import type { Client } from '../../client/port.ts';
import { createEventRecorder } from '../../controllers/events.ts';
import { createConntrack } from '../../kernel/conntrack/conntrack.ts';
import { createDriftWatch } from '../../kernel/drift/real.ts';
import { createPacketLog } from '../../kernel/nft/packet-log.ts';
import { createFrames } from '../../kernel/frames/real.ts';
import { createNftables } from '../../kernel/nft/nftables.ts';
import { createNetworkNamespaces } from '../../kernel/netns/real.ts';
import { createPoller } from '../../kernel/poll/poller.ts';
import { createRouteNetlink } from '../../kernel/route/real.ts';
import { createSockets } from '../../kernel/sockets/sockets.ts';
import { createSysctl } from '../../kernel/sysctl/real.ts';
import { servedByAnnotation } from '../../lab/served-by.ts';
import { systemClock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { createRpcServer } from '../../lib/rpc.ts';
import { primaryServiceCidr } from '../../model/network/config.ts';
import { nodeNetns } from '../../model/fabric/default-fabric.ts';
import { createInside } from '../../workload/streams/inside.ts';
import { createServingClient } from '../../workload/serving-client.ts';
import { announceByBgp, sessionsMetrics } from './announce-by-bgp.ts';
import { followCni } from './follow-cni.ts';
import { announcementStatuses } from './announcement-statuses.ts';
import { markingClient } from '../marking-client.ts';
import { nodeTokens } from '../node-tokens.ts';
import { keepOwnTokens } from '../own-tokens.ts';
import { createPodSettings } from './pod-settings.ts';
import { followUpstreamServers } from '../dns/upstream-servers.ts';
import { auditedMetric, deniedMetric } from './policy-metrics.ts';
import { repairsMetric } from '../repairs-metric.ts';
import { clientMetrics } from '../client-metrics.ts';
import type { AgentsApi } from './agents-api.ts';
import type { Role } from '../role.ts';
import { reportConflict, tellAnnounced } from './tell-announced.ts';
import { watchHolder } from '../watch-holder.ts';

/** Starts the agents of all nodes of a lab; what it resolves with ends them. */
export async function runAgents(
  { paths, options, log, expose }: Role,
  { clients, client }: AgentsApi,
): Promise<() => Promise<void>> {
  // The worker must start before this thread ever enters a namespace: it would live there.
  const poller = createPoller();
  watchHolder({ paths, log, poller });
  const namespaces = createNetworkNamespaces({ directory: paths.namespaces, log });
  const kernel = {
    namespaces,
    nft: createNftables({ namespaces }),
    route: createRouteNetlink({ namespaces }),
    sysctl: createSysctl({ namespaces }),
    conntrack: createConntrack({ namespaces }),
    packetLog: createPacketLog({ namespaces, poller }),
    drift: createDriftWatch({ namespaces, poller }),
    release: release(),
    frames: createFrames({ namespaces, poller }),
  };
  const serving = {
    holder: createServingClient(paths.socket('holder')),
    dns: createServingClient(paths.socket('dns')),
  };
  const upstream = followUpstreamServers(client, { ...options.config, upstreamResolvers: [] });
  const settings = createPodSettings(paths, {
    clusterDns: dnsAddress(primaryServiceCidr(options.config)),
    zone: 'cluster.local',
    nodeServers: upstream.current,
  });

  const tokens = keepOwnTokens('agents', { client, paths, options, log });
  const nodes = new Map([...nodeTokens(paths, options)].map(([node, own]) => [node, clients.as(own)]));
  expose(() => clientMetrics(clients.counts()));
  const events = createEventRecorder({
    client: markingClient(client, options),
    clock: systemClock,
    log,
    component: 'weft-agent',
  });
  const advertisementProblems = createProblemTeller(events);
  const statuses = announcementStatuses(markingClient(client, options), log);
  const speakers = announceByBgp(paths, { client, events, log, onTold: (told) => statuses.told(told) });
  const clientOf = (node: string): Client => nodes.get(node) ?? client;
  const leases = createNodeLeases({ clientOf, clock: systemClock, log });
  const cni =
    options.config.model === 'none' ? followCni({ client, paths, clock: systemClock, log }) : undefined;
  const agents = createAgents({
    client,
    clientOf,
    kernel,
    config: options.config,
    netnsOfNode: nodeNetns,
    servingOf: (pod) =>
      pod.metadata.annotations?.[servedByAnnotation] === 'dns' ? serving.dns : serving.holder,
    servings: Object.values(serving),
    settings,
    domainJournal: createDomainJournal({ path: paths.domains, log }),
    inside: createInside(createSockets({ namespaces })),
    cni,
    onView(view) {
      statuses.follow(view);
      speakers.changed(view);
      // On an API server of the lab's own nobody takes a silent node for gone.
      if (options.cluster !== undefined) leases.follow(view.places);
    },
    onRepair(object) {
      events.warn(object, 'NetworkRepaired', 'links, routes or rules that somebody else changed were mended');
    },
    onBroken: (pod, why) => events.warn(pod, 'NetworkBroken', why),
    onHeld: (held) => statuses.held(held),
    onProblems: (problems) => advertisementProblems.tell(problems),
    onAnnounced: (announced) => tellAnnounced(events, announced),
    onConflict: (conflict) => void reportConflict(client, conflict, log),
    clock: systemClock,
    log,
  });
  const rpc = createRpcServer({
    path: paths.socket('agents'),
    log,
    routes: {
      'POST /programmed': async ({ body }) => {
        await agents.programmed(versionsOf(body));
        return { body: {} };
      },
      'GET /programming': () => ({ body: agents.programming() }),
      'POST /repair': () => ({ body: { repaired: agents.repair() } }),
      'GET /flows': () => ({ body: agents.flows.report() }),
      'POST /flows': ({ body }) => {
        agents.flows.record(isRecordingWanted(body));
        return { body: {} };
      },
      'GET /denials': () => ({ stream: (push) => agents.denials.subscribe(push) }),
      'GET /domain-addresses': () => ({ body: Object.fromEntries(agents.domains.current()) }),
      'GET /domains': () => ({
        stream: (push) => agents.domains.subscribe((changes) => push(changes)),
      }),
      'POST /domains': async ({ body }) => {
        await agents.domains.learn(decodeLesson(body));
        const [failing] = agents.programming().failing;
        if (failing !== undefined) throw new WeftError('nodes-failing', `${failing.node}: ${failing.why}`);
        return { body: {} };
      },
      'GET /audits': () => ({ stream: (push) => agents.denials.subscribeAudits(push) }),
    },
  });
  expose(() => repairsMetric(agents.repairs()));
  expose(() => deniedMetric(agents.denials.counts()));
  expose(() => auditedMetric(agents.denials.counts()));
  expose(() => sessionsMetrics(speakers));
  await agents.start();
  await rpc.start();

  return async () => {
    await rpc.stop();
    await tokens.stop();
    leases.stop();
    cni?.stop();
    await statuses.stop();
    await speakers.stop();
    await agents.stop();
    await clients.close();
    await kernel.packetLog.close();
    kernel.drift.close();
    await poller.close();
  };
}

/** ResourceVersions by plural name, from another process. */
function versionsOf(body: unknown): Record<string, string> {
  const entries = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  const versions: Record<string, string> = {};
  for (const [plural, version] of entries as [string, unknown][]) {
    if (typeof version !== 'string' || !/^\d{1,20}$/.test(version)) {
      throw new WeftError('versions-invalid', 'resourceVersions must be strings of digits', {
        fault: 'input',
      });
    }
    versions[plural] = version;
  }
  return versions;
}

/** `{record: true}` or `{record: false}`, from another process. */
function isRecordingWanted(body: unknown): boolean {
  const { record } = (typeof body === 'object' && body !== null ? body : {}) as { record?: unknown };
  if (typeof record === 'boolean') return record;
  throw new WeftError('flows-request', '"record" must be true or false', { fault: 'input' });
}
