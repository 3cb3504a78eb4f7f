import { keyOf, loadBalancerResources } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Client } from '../../client/port.ts';
import type { BgpDaemons, BgpSession } from '../../drivers/bgp/port.ts';
import type { Clock } from '../../lib/clock.ts';
import type { WeftError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { AnnouncedService } from '../../model/load-balancer/announcement-status.ts';
import {
  announcementsOf,
  peersToldBy,
  type Announcement,
} from '../../model/load-balancer/bgp-announcements.ts';
import { routerIdProblems, type Peer, type Problem } from '../../model/load-balancer/bgp-peers.ts';
import { poolsOf } from '../../model/load-balancer/pools.ts';
import { neighbourName, nodeSpeaker } from '../../plan/bgp/speakers.ts';
import type { ClusterView } from '../cluster-view.ts';
import { createProblemTeller } from '../problem-teller.ts';
import { createDaemonKeeper } from './daemon-keeper.ts';
import { createPeerWatch } from './peer-watch.ts';

/** What people are told by Events. */
interface Teller {
  warn(object: KubernetesObject, reason: string, message: string): void;
  note(object: KubernetesObject, reason: string, message: string): void;
}

export interface SpeakersOptions {
  readonly client: Client;
  readonly daemons: BgpDaemons;
  /** File of a node's network namespace. */
  readonly netnsFileOf: (node: string) => string;
  readonly events: Teller;
  /** Told of every Service that nodes of this process are to tell peers of, whenever that may have changed. */
  readonly onTold?: (told: readonly Told[]) => void;
  readonly whyNoPasswords: () => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** A node is to tell these BGPPeers, by name, of a Service. */
export interface Told extends AnnouncedService {
  readonly peers: ReadonlySet<string>;
}

/** Announces the addresses of load balancers by BGP from all nodes: a daemon each, where a BGPPeer is for the node. */
export interface Speakers {
  /** To be told of the cluster's view, and of every change of it. */
  changed(view: ClusterView): void;
  /** Sessions by node. */
  sessions(): ReadonlyMap<string, readonly BgpSession[]>;
  /** The daemons go on, and the next process takes them over. */
  stop(): Promise<void>;
}

/** Changes that come within this time are followed together. */
const gatherMs = 10;

export function createSpeakers(options: SpeakersOptions): Speakers {
  const { client, clock, events } = options;
  const informers = {
    pools: client.informer(loadBalancerResources.ipaddresspools),
    advertisements: client.informer(loadBalancerResources.bgpadvertisements),
    communities: client.informer(loadBalancerResources.communities),
  };
  const ends: (() => void)[] = [];
  const problemTeller = createProblemTeller(events);
  let view: ClusterView | undefined;
  let isAsked = false;
  let isHeard = false;
  let cancel = (): void => {};
  const known = new Set(options.daemons.places());
  /** Of peers, by those of their sessions. */
  const peerNames = new Map<string, string>();

  const tellFailure = (name: string, error: WeftError): void => {
    const node = view?.nodes.get(name);
    const message = error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
    if (node !== undefined) events.warn(node, reasons[error.code] ?? 'BGPFailed', message);
  };
  const keeper = createDaemonKeeper({
    ...options,
    onFailure: tellFailure,
    onSession(name, session) {
      const node = view?.nodes.get(name);
      const peer = `the session with BGPPeer ${peerNames.get(session.name) ?? session.name}`;
      if (node === undefined) return;
      if (session.isEstablished) events.note(node, 'BGPSessionEstablished', `${peer} is established`);
      else events.warn(node, 'BGPSessionLost', `${peer} is lost: ${session.why ?? 'no reason was told'}`);
    },
  });

  const follow = (): void => {
    isAsked = false;
    if (view === undefined || !isHeard) return;
    const { peers, problems } = watch.current();
    const { announcements, problems: more } = peers.length === 0 ? nothing : announcementsOf(worldOf(view));
    const clashes = watch.problemsOf(routerIdProblems(peers, view.nodes.values()));
    problemTeller.tell([...problems, ...more, ...clashes]);
    options.onTold?.(toldBy(view, announcements, peers));
    for (const { name } of peers) peerNames.set(neighbourName(name), name);
    for (const place of view.places.values()) {
      const node = view.nodes.get(place.name);
      if (node === undefined) continue;
      known.add(place.name);
      keeper.set(placeOf(place.name), nodeSpeaker(place, node, { peers, announcements }));
    }
    for (const name of known) {
      if (view.places.has(name)) continue;
      known.delete(name);
      keeper.set(placeOf(name), undefined);
    }
  };

  const placeOf = (name: string): { name: string; netns: string } => ({
    name,
    netns: options.netnsFileOf(name),
  });

  const worldOf = (current: ClusterView): Parameters<typeof announcementsOf>[0] => ({
    services: [...current.serviceObjects.values()].map((service) => ({
      service,
      ports: current.services.portsOf(keyOf(service)),
    })),
    pools: poolsOf(informers.pools.values()).pools,
    advertisements: informers.advertisements.values(),
    communities: informers.communities.values(),
  });

  const ask = (): void => {
    if (isAsked) return;
    isAsked = true;
    cancel = clock.after(gatherMs, follow);
  };
  const watch = createPeerWatch({ ...options, onChange: ask });

  const start = async (first: ClusterView): Promise<void> => {
    await Promise.all([watch.start(), ...Object.values(informers).map(({ synced }) => synced)]);
    isHeard = true;
    for (const informer of [...Object.values(informers), first.nodes, first.serviceObjects]) {
      ends.push(informer.onChange(ask));
    }
    ask();
  };

  return {
    changed(current) {
      const isFirst = view === undefined;
      view = current;
      if (isFirst) void start(current);
      else ask();
    },
    sessions: () => keeper.sessions(),
    async stop() {
      cancel();
      watch.stop();
      for (const end of ends.splice(0)) end();
      await keeper.stop();
    },
  };
}

const nothing = { announcements: [] as readonly Announcement[], problems: [] as readonly Problem[] };

/** Reasons of Events, by what went wrong. */
const reasons: Readonly<Record<string, string>> = {
  'bgp-missing': 'BGPDaemonMissing',
  'bgp-refused': 'BGPConfigurationRefused',
  'bgp-invalid': 'BGPConfigurationRefused',
  'bgp-silent': 'BGPDaemonSilent',
};

/** What the nodes of this process tell whom of. */
function toldBy(view: ClusterView, announcements: readonly Announcement[], peers: readonly Peer[]): Told[] {
  return [...view.places.keys()].flatMap((name) => {
    const node = view.nodes.get(name);
    const services = node === undefined ? [] : [...peersToldBy(node, announcements, peers)];
    return services.map(([service, names]) => ({ node: name, service, peers: names }));
  });
}
