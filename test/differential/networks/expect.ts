import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import { machineNetns } from '../../../src/model/fabric/default-fabric.ts';
import { buildWorld } from '../../../src/model/fabric/network/build-world.ts';
import { answerTo, journeyOf, type Journey } from '../../../src/model/fabric/network/journey.ts';
import { createLookups, type Lookups } from '../../../src/model/fabric/network/lookups.ts';
import { siteNetns } from '../../../src/model/fabric/network/network-fabric.ts';
import { networkObjectsOf } from '../../../src/model/fabric/network/objects.ts';
import type { Entry, NetworkPacket } from '../../../src/model/fabric/network/passage.ts';
import { siteAddress } from '../../../src/model/fabric/network/sites.ts';

/** A packet to send, and what is to come of it: who answers and whom it sees, `refused`, or `lost`. */
export interface Expected {
  readonly from: string;
  readonly target: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly outcome: string;
  /** For people: the losses on the way. */
  readonly why: string;
}

/** From all machines and sites to all of them, the internet, a public service, and addresses of nobody. */
export function expectations(objects: readonly KubernetesObject[]): Expected[] {
  const lookups = createLookups(buildWorld(networkObjectsOf(objects), []), () => []);
  const { interfaces, sites } = lookups.world;
  const senders: readonly (readonly [name: string, entry: Entry])[] = [
    ...[...Map.groupBy(interfaces, ({ machine }) => machine)].flatMap(([name, [one]]) =>
      one === undefined ? [] : [[`vm:${name}`, { kind: 'interface', one }] as const],
    ),
    ...sites.map((site) => [`site:${site.metadata.name}`, { kind: 'site', site }] as const),
  ];
  const targets = new Set([
    ...interfaces.flatMap(({ addresses }) => addresses),
    ...sites.map(siteAddress),
    ...outside,
  ]);
  return senders.flatMap(([from, entry]) =>
    [...targets].flatMap((address) =>
      flowsTo(address).map(({ protocol, port }): Expected => {
        const source = sourceOf(lookups, entry, address);
        const packet = { source, destination: address, protocol, port };
        return { from, target: `${address}:${port}`, protocol, ...expected(lookups, entry, packet) };
      }),
    ),
  );
}

const outside = [
  '203.0.113.10',
  '198.51.100.7',
  '192.0.2.5',
  '192.0.2.40',
  '10.0.1.99',
  '10.9.0.1',
  '192.168.0.9',
];

const flows = [
  { protocol: 'TCP', port: 80 },
  { protocol: 'TCP', port: 81 },
  { protocol: 'UDP', port: 80 },
] as const;

/** Who stands for the internet or a public service answers UDP from one of its many addresses, and is not asked. */
function flowsTo(address: string): readonly (typeof flows)[number][] {
  const isOfMany = /^(?:198\.51\.100|192\.0\.2)\./.test(address);
  return isOfMany ? flows.filter(({ protocol }) => protocol === 'TCP') : flows;
}

function sourceOf(lookups: Lookups, entry: Entry, address: string): string {
  if (entry.kind === 'site') return siteAddress(entry.site);
  if (lookups.isItself(entry.one, address)) return address;
  return lookups.exit(entry.one, address)?.addresses[0] ?? '';
}

function expected(lookups: Lookups, entry: Entry, packet: NetworkPacket): Pick<Expected, 'outcome' | 'why'> {
  const there = journeyOf(lookups, entry, packet);
  if (there.end.kind === 'lost') return { outcome: 'lost', why: there.end.why };
  const back = answerTo(lookups, there, packet);
  if (back.end.kind === 'lost') return { outcome: 'lost', why: `answer ${back.end.why}` };
  if (!isSame(entry, back)) return { outcome: 'lost', why: 'answer elsewhere' };
  if (packet.port !== 80) return { outcome: 'refused', why: '' };
  const seen = 'seenAs' in there.end ? there.end.seenAs : there.source;
  return { outcome: `${netnsOf(there)} sees ${seen}`, why: '' };
}

function isSame(entry: Entry, { end }: Journey): boolean {
  if (entry.kind === 'site') return end.kind === 'site' && end.site === entry.site;
  return end.kind === 'interface' && end.one.netns === entry.one.netns;
}

function netnsOf({ end }: Journey): string {
  if (end.kind === 'interface') return end.one.netns;
  if (end.kind === 'site') return siteNetns(end.site.metadata.name);
  return end.kind === 'internet' ? machineNetns.internet : machineNetns.services;
}
