import { loadBalancerResources, resources } from '../../api/resources.ts';
import type { BGPPeer } from '../../api/types/load-balancer.ts';
import type { Client } from '../../client/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { isHonoured } from '../../model/load-balancer/advertisements.ts';
import { peersOf, secretOf, type Peer, type Problem } from '../../model/load-balancer/bgp-peers.ts';

/** The BGPPeers of the cluster, with what they refer to. */
export interface PeerWatch {
  /** Resolves when everything was heard of once. */
  start(): Promise<void>;
  current(): { readonly peers: readonly Peer[]; readonly problems: readonly Problem[] };
  /** What is wrong with peers, by their names, as problems of the objects. */
  problemsOf(whys: ReadonlyMap<string, string>): Problem[];
  stop(): void;
}

export interface PeerWatchOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  /** Told whenever `current` may say something else. */
  readonly onChange: () => void;
  /** Why sessions cannot have passwords here; undefined where they can. */
  readonly whyNoPasswords: () => string | undefined;
}

/** How often Secrets are read again: nobody may list or watch them here. */
const secretsMs = 30_000;

export function createPeerWatch(options: PeerWatchOptions): PeerWatch {
  const { client, clock, onChange } = options;
  const informers = {
    peers: client.informer(loadBalancerResources.bgppeers),
    profiles: client.informer(loadBalancerResources.bfdprofiles),
  };
  const passwords = new Map<string, string>();
  const ends: (() => void)[] = [];
  let cancel = (): void => {};

  const readSecrets = async (): Promise<void> => {
    cancel();
    const peers = [...informers.peers.values()].filter(isHonoured);
    const before = JSON.stringify([...passwords]);
    passwords.clear();
    for (const secret of peers.flatMap((peer) => secretOf(peer) ?? [])) {
      const password = await readPassword(options, secret);
      if (password !== undefined) passwords.set(`${secret.namespace}/${secret.name}`, password);
    }
    cancel();
    if (peers.some((peer) => secretOf(peer) !== undefined)) {
      cancel = clock.after(secretsMs, () => void readSecrets());
    }
    if (JSON.stringify([...passwords]) !== before) onChange();
  };

  return {
    async start() {
      await Promise.all(Object.values(informers).map(({ synced }) => synced));
      ends.push(
        informers.peers.onChange(() => {
          onChange();
          if (
            passwords.size > 0 ||
            [...informers.peers.values()].some((peer) => secretOf(peer) !== undefined)
          )
            void readSecrets();
        }),
        informers.profiles.onChange(onChange),
      );
    },
    current() {
      const found = peersOf(informers.peers.values(), {
        profiles: informers.profiles.values(),
        passwordOf: ({ namespace, name }) => passwords.get(`${namespace}/${name}`),
      });
      return withoutPasswords(found, informers.peers.values(), options.whyNoPasswords);
    },
    problemsOf(whys) {
      return [...informers.peers.values()].filter(isHonoured).flatMap((object) => {
        const why = whys.get(object.metadata.name);
        return why === undefined ? [] : [{ object, why }];
      });
    },
    stop() {
      cancel();
      for (const end of ends.splice(0)) end();
    },
  };
}

/** Undefined where there is none, or it cannot be read. */
async function readPassword(
  { client, log }: PeerWatchOptions,
  secret: { readonly namespace: string; readonly name: string },
): Promise<string | undefined> {
  try {
    const found = await client.get(resources.secrets, secret);
    const encoded = found?.type === 'kubernetes.io/basic-auth' ? found.data?.['password'] : undefined;
    return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
  } catch (error) {
    log.warn(
      { secret: `${secret.namespace}/${secret.name}`, error: messageOf(error) },
      'a password could not be read',
    );
    return undefined;
  }
}

function withoutPasswords(
  found: ReturnType<PeerWatch['current']>,
  objects: Iterable<BGPPeer>,
  whyNoPasswords: () => string | undefined,
): ReturnType<PeerWatch['current']> {
  const signed = found.peers.filter(({ password }) => password !== undefined);
  const why = signed.length === 0 ? undefined : whyNoPasswords();
  if (why === undefined) return found;
  const names = new Set(signed.map(({ name }) => name));
  const refused = [...objects].filter((object) => isHonoured(object) && names.has(object.metadata.name));
  return {
    peers: found.peers.filter(({ name }) => !names.has(name)),
    problems: [...found.problems, ...refused.map((object) => ({ object, why }))],
  };
}
