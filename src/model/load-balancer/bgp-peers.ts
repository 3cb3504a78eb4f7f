import { matchesSelector } from '../../api/selector.ts';
import type { Node } from '../../api/types/core.ts';
import type { BFDProfile, BGPPeer } from '../../api/types/load-balancer.ts';
import type { KubernetesObject, LabelSelector } from '../../api/types/meta.ts';
import { families, familyOf, parseAddress, type Family } from '../../lib/address.ts';
import { parseGoDuration } from '../../lib/go-duration.ts';
import { isHonoured } from './advertisements.ts';
import { isStray, whyStray } from './pools.ts';

/** A router that nodes speak BGP with: what a BGPPeer says, with its defaults. Times in seconds. */
export interface Peer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly asn: number | 'internal' | 'external';
  /** The nodes' AS number in this session, and what they say there instead. */
  readonly myAsn: number;
  readonly localAsn: number | undefined;
  readonly source: string | undefined;
  readonly routerId: string | undefined;
  readonly holdSeconds: number;
  readonly keepaliveSeconds: number;
  readonly connectSeconds: number;
  readonly isMultihop: boolean;
  readonly restartsGracefully: boolean;
  readonly password: string | undefined;
  readonly bfd: PeerBfd | undefined;
  readonly families: readonly Family[];
  /** Nodes that speak with it; all when empty. */
  readonly nodeSelectors: readonly LabelSelector[];
}

/** A BFDProfile with its defaults. */
export interface PeerBfd {
  readonly receiveMs: number;
  readonly transmitMs: number;
  readonly multiplier: number;
  readonly passive: boolean;
}

/** An object that cannot be followed, and why. */
export interface Problem {
  readonly object: KubernetesObject;
  readonly why: string;
}

export interface PeerOptions {
  readonly profiles: Iterable<BFDProfile>;
  /** What the Secret that a peer names has; undefined where there is none such. */
  readonly passwordOf: (secret: { readonly namespace: string; readonly name: string }) => string | undefined;
}

const defaults = { port: 179, holdSeconds: 90, connectSeconds: 5, intervalMs: 300, multiplier: 3 } as const;

/** The peers that can be spoken with, by name, and why the others cannot. */
export function peersOf(
  objects: Iterable<BGPPeer>,
  options: PeerOptions,
): { readonly peers: readonly Peer[]; readonly problems: readonly Problem[] } {
  const profiles = new Map([...options.profiles].filter(isHonoured).map((one) => [one.metadata.name, one]));
  const peers: Peer[] = [];
  const problems: Problem[] = [];
  const followed = new Set<BFDProfile>();
  const all = [...objects];
  problems.push(...strayProblems(all));
  for (const object of all.filter(isHonoured).toSorted(byName)) {
    const why = problemOf(object, profiles, options);
    const profile = profiles.get(object.spec.bfdProfile ?? '');
    if (why === undefined) peers.push(peerOf(object, profiles, options));
    else problems.push({ object, why });
    if (why === undefined && profile !== undefined) followed.add(profile);
  }
  return { peers, problems: [...problems, ...[...followed].flatMap(profileProblems)] };
}

/** The objects that are where none of them count. */
export function strayProblems(objects: readonly KubernetesObject[]): Problem[] {
  return objects.filter(isStray).map((object) => ({ object, why: whyStray }));
}

/** The peers as far as it matters who speaks with whom: passwords and profiles need not be known. */
export function peersToSpeakWith(objects: Iterable<BGPPeer>): readonly Peer[] {
  const alone = [...objects].map((object): BGPPeer => {
    const { bfdProfile: _profile, passwordSecret: _secret, ...spec } = object.spec;
    return { ...object, spec };
  });
  return peersOf(alone, { profiles: [], passwordOf: () => undefined }).peers;
}

/**
 * Peers, by name, whose routerID is not the one that a node has, and why: a node has one for all its sessions, that of the
 * first peer which says one.
 */
export function routerIdProblems(peers: readonly Peer[], nodes: Iterable<Node>): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  for (const node of nodes) {
    const [first, ...others] = peers.filter((peer) => peer.routerId !== undefined && speaksWith(peer, node));
    for (const { name } of others.filter(({ routerId }) => routerId !== first?.routerId)) {
      problems.set(
        name,
        `routerID: ${node.metadata.name} has that of BGPPeer ${first?.name}, for all its sessions`,
      );
    }
  }
  return problems;
}

/** Whether a node speaks with a peer. */
export function speaksWith({ nodeSelectors }: Peer, { metadata }: Node): boolean {
  return (
    nodeSelectors.length === 0 || nodeSelectors.some((selector) => matchesSelector(selector, metadata.labels))
  );
}

const byName = (a: KubernetesObject, b: KubernetesObject): number =>
  a.metadata.name < b.metadata.name ? -1 : 1;

type Profiles = ReadonlyMap<string, BFDProfile>;

function problemOf(peer: BGPPeer, profiles: Profiles, options: PeerOptions): string | undefined {
  const { spec } = peer;
  if ((spec.interface ?? '') !== '') return 'peers without an address (interface) are not supported';
  if (spec.vrf !== undefined && spec.vrf !== '') return 'peers in a VRF are not supported';
  if (spec.disableMP === true && spec.dualStackAddressFamily === true)
    return 'only one of disableMP and dualStackAddressFamily may be true';
  return addressProblem(spec) ?? timeProblem(spec) ?? referenceProblem(peer, profiles, options);
}

function addressProblem(spec: BGPPeer['spec']): string | undefined {
  const { peerAddress, sourceAddress, routerID } = spec;
  const address = parseAddress(peerAddress ?? '');
  if (address === undefined) return `peerAddress ${JSON.stringify(peerAddress ?? '')} is not an IP address`;
  if (sourceAddress !== undefined && parseAddress(sourceAddress)?.family !== address.family)
    return `sourceAddress ${JSON.stringify(sourceAddress)} is not an ${address.family} address as peerAddress is`;
  if (routerID !== undefined && parseAddress(routerID)?.family !== 'IPv4')
    return `routerID ${JSON.stringify(routerID)} is not written as an IPv4 address`;
  return asnProblem(spec);
}

function asnProblem({ peerASN = 0, dynamicASN, myASN }: BGPPeer['spec']): string | undefined {
  if ((peerASN === 0) === (dynamicASN === undefined)) return 'one of peerASN and dynamicASN must be given';
  return myASN === 0 ? 'myASN must not be 0' : undefined;
}

function timeProblem({ holdTime, keepaliveTime, connectTime }: BGPPeer['spec']): string | undefined {
  for (const [field, text] of Object.entries({ holdTime, keepaliveTime, connectTime })) {
    const ms = text === undefined ? 0 : parseGoDuration(text);
    if (ms === undefined || ms % 1000 !== 0 || ms > 65_535_000)
      return `${field} ${JSON.stringify(text)} is not a duration of up to 65535 whole seconds`;
  }
  const hold = secondsOf(holdTime, defaults.holdSeconds);
  if (hold > 0 && hold < 3) return 'holdTime must be 0s, or 3s and more';
  if (secondsOf(keepaliveTime, 0) > hold) return 'keepaliveTime must not be longer than holdTime';
  return connectTime !== undefined && secondsOf(connectTime, 1) < 1
    ? 'connectTime must be 1s or more'
    : undefined;
}

function referenceProblem(
  peer: BGPPeer,
  profiles: Profiles,
  { passwordOf }: PeerOptions,
): string | undefined {
  const { bfdProfile = '', password = '', passwordSecret } = peer.spec;
  if (bfdProfile !== '' && !profiles.has(bfdProfile)) return `there is no BFDProfile ${bfdProfile}`;
  const secret = secretOf(peer);
  if (passwordSecret?.name === undefined || secret === undefined) return undefined;
  if (password !== '') return 'only one of password and passwordSecret may be given';
  if ((passwordSecret.namespace ?? secret.namespace) !== secret.namespace)
    return `passwordSecret must be in namespace ${secret.namespace}, as the peer is`;
  return passwordOf(secret) === undefined
    ? `there is no Secret ${secret.name} of type kubernetes.io/basic-auth with a password in its namespace`
    : undefined;
}

/** The Secret with a peer's password, which is in the peer's own namespace. */
export function secretOf({ metadata, spec }: BGPPeer): { namespace: string; name: string } | undefined {
  const name = spec.passwordSecret?.name ?? '';
  return name === '' ? undefined : { namespace: metadata.namespace ?? '', name };
}

function peerOf(peer: BGPPeer, profiles: Profiles, { passwordOf }: PeerOptions): Peer {
  const { metadata, spec } = peer;
  const { peerAddress = '', ebgpMultiHop = false, enableGracefulRestart = false } = spec;
  const profile = profiles.get(spec.bfdProfile ?? '');
  return {
    name: metadata.name,
    address: peerAddress,
    port: spec.peerPort ?? defaults.port,
    asn: asnOf(spec),
    myAsn: spec.myASN,
    localAsn: spec.localASN,
    source: spec.sourceAddress,
    routerId: spec.routerID,
    ...timesOf(spec),
    isMultihop: ebgpMultiHop,
    restartsGracefully: enableGracefulRestart,
    password: passwordIn(peer, passwordOf),
    bfd: profile && bfdOf(profile),
    families: spec.dualStackAddressFamily === true ? families : [familyOf(peerAddress)],
    nodeSelectors: spec.nodeSelectors ?? [],
  };
}

function asnOf({ peerASN = 0, dynamicASN = 'external' }: BGPPeer['spec']): Peer['asn'] {
  return peerASN === 0 ? dynamicASN : peerASN;
}

function passwordIn(peer: BGPPeer, passwordOf: PeerOptions['passwordOf']): string | undefined {
  const { password = '' } = peer.spec;
  const secret = secretOf(peer);
  return password === '' ? secret && passwordOf(secret) : password;
}

function timesOf({
  holdTime,
  keepaliveTime,
  connectTime,
}: BGPPeer['spec']): Pick<Peer, 'holdSeconds' | 'keepaliveSeconds' | 'connectSeconds'> {
  const holdSeconds = secondsOf(holdTime, defaults.holdSeconds);
  return {
    holdSeconds,
    keepaliveSeconds: secondsOf(keepaliveTime, Math.floor(holdSeconds / 3)),
    connectSeconds: secondsOf(connectTime, defaults.connectSeconds),
  };
}

/** What neither daemon is told: sessions come about without it. */
const unusedInProfiles = ['echoMode', 'echoInterval', 'minimumTtl'] as const;

function profileProblems(object: BFDProfile): Problem[] {
  const unused = unusedInProfiles.filter((field) => (object.spec?.[field] ?? false) !== false);
  if (unused.length === 0) return [];
  return [
    { object, why: `${unused.join(', ')}: not supported; sessions go on with the rest of the profile` },
  ];
}

function bfdOf({ spec = {} }: BFDProfile): PeerBfd {
  return {
    receiveMs: spec.receiveInterval ?? defaults.intervalMs,
    transmitMs: spec.transmitInterval ?? defaults.intervalMs,
    multiplier: spec.detectMultiplier ?? defaults.multiplier,
    passive: spec.passiveMode ?? false,
  };
}

function secondsOf(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : (parseGoDuration(text) ?? 0) / 1000;
}
