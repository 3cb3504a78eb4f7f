import type { Pod, Service } from '../../api/types/core.ts';
import type { EndpointSlice } from '../../api/types/network.ts';
import { formatAddress } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { addressType, dashedAddress, isLabel, isName, parsedAddresses } from './names.ts';
import {
  createZoneNamesBuilder,
  type ZoneAnswer,
  type ZoneNames,
  type ZoneNamesBuilder,
  type ZoneQuestion,
} from './records.ts';
import { resolve } from './resolve.ts';
import { serviceNames } from './service-names.ts';
import { createZoneTree } from './zone-tree.ts';

/** The cluster's DNS zone, kept current change by change. Keys are `namespace/name`; undefined removes. */
export interface DnsModel {
  setService(key: string, service: Service | undefined): void;
  setEndpointSlice(key: string, slice: EndpointSlice | undefined): void;
  /**
   * Gives the pod its name `DASHED-ADDRESS.NAMESPACE.pod.ZONE`: only addresses of pods that there are get one
   * (what CoreDNS calls `pods verified`), so that nobody can make up names under a certificate's wildcard.
   */
  setPod(key: string, pod: Pod | undefined): void;
  /** Never fails: every question has an answer. */
  answer(question: ZoneQuestion): ZoneAnswer;
  /** Counts changes; the zone's serial, and a mark for caches. */
  readonly serial: number;
}

export interface DnsModelOptions {
  /** `cluster.local` */
  readonly zone: string;
  /** Seconds that answers, and negative answers, may be cached; CoreDNS' plugin has 5. */
  readonly ttl: number;
  /** Key of the Service in front of the DNS servers: the address of the zone's name server. */
  readonly dnsService?: string;
}

const serviceNameLabel = 'kubernetes.io/service-name';
/** Version of the DNS schema, told at `dns-version.ZONE`. */
const schemaVersion = '1.1.0';
/** Seconds; only secondaries would read them, and there are none. */
const transferTimes = { refresh: 7200, retry: 1800, expire: 86_400 } as const;

/** Leaves room for the longest name below it, `_PORT._sctp.SERVICE.NAMESPACE.svc.`, in the 253 letters of a name. */
const longestZone = 50;

/** An empty zone: its own records, and no Services. Throws `dns-zone-invalid`. */
export function createDnsModel({
  zone,
  ttl,
  dnsService = 'kube-system/kube-dns',
}: DnsModelOptions): DnsModel {
  if (!isName(zone) || zone.length > longestZone) {
    throw new WeftError(
      'dns-zone-invalid',
      `${JSON.stringify(zone)} is no name of at most ${longestZone} letters`,
      {
        fault: 'input',
        hint: 'Use a domain such as cluster.local',
      },
    );
  }
  const apex = zone.toLowerCase();
  const nameServer = `ns.dns.${apex}`;
  const tree = createZoneTree(apex);
  const services = new Map<string, Service>();
  const slices = new Map<string, EndpointSlice>();
  const slicesOf = new Map<string, Set<string>>();
  /** Services to compile before the next answer: a burst of slice changes costs one compilation. */
  const stale = new Set<string>();
  let serial = 0;
  let ownRecordsOf = -1;

  function compile(key: string): void {
    const service = services.get(key);
    const own = [...(slicesOf.get(key) ?? [])].sort().flatMap((slice) => slices.get(slice) ?? []);
    tree.set(`service ${key}`, service === undefined ? undefined : serviceNames(service, own, apex));
    if (key === dnsService) tree.set('name server', nameServerNames(service, nameServer));
  }

  function update(): void {
    for (const key of stale) compile(key);
    stale.clear();
    if (ownRecordsOf === serial) return;
    tree.set('zone', zoneNames(apex, { ttl, serial, nameServer }));
    ownRecordsOf = serial;
  }

  function unlink(sliceKey: string): void {
    const owner = slices.get(sliceKey);
    const service = owner === undefined ? undefined : serviceOf(owner);
    if (service === undefined) return;
    const keys = slicesOf.get(service);
    keys?.delete(sliceKey);
    if (keys?.size === 0) slicesOf.delete(service);
    stale.add(service);
  }

  function link(sliceKey: string, slice: EndpointSlice): void {
    const service = serviceOf(slice);
    if (service === undefined) return;
    slicesOf.set(service, (slicesOf.get(service) ?? new Set()).add(sliceKey));
    stale.add(service);
  }

  return {
    get serial() {
      return serial;
    },
    setService(key, service) {
      if (service === undefined) services.delete(key);
      else services.set(key, service);
      stale.add(key);
      serial += 1;
    },
    setEndpointSlice(key, slice) {
      unlink(key);
      if (slice === undefined) slices.delete(key);
      else {
        slices.set(key, slice);
        link(key, slice);
      }
      serial += 1;
    },
    setPod(key, pod) {
      tree.set(`pod ${key}`, pod === undefined ? undefined : podNames(pod, apex));
      serial += 1;
    },
    answer(question) {
      update();
      return resolve({ zone: apex, ttl, get: (name) => tree.get(name) }, question);
    },
  };
}

function serviceOf({ metadata }: EndpointSlice): string | undefined {
  const name = metadata.labels?.[serviceNameLabel];
  return name === undefined ? undefined : `${metadata.namespace ?? 'default'}/${name}`;
}

function podNames(pod: Pod, zone: string): ZoneNames {
  const builder = createZoneNamesBuilder();
  const { namespace = 'default' } = pod.metadata;
  const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  if (ended || !isLabel(namespace)) return builder.names;
  const texts = [pod.status?.podIP, ...(pod.status?.podIPs ?? []).map(({ ip }) => ip)];
  for (const address of parsedAddresses(texts)) {
    const name = `${dashedAddress(address)}.${namespace}.pod.${zone}`.toLowerCase();
    builder.add(name, { type: addressType(address), address: formatAddress(address) });
  }
  return builder.names;
}

function zoneNames(
  zone: string,
  { ttl, serial, nameServer }: { ttl: number; serial: number; nameServer: string },
): ZoneNames {
  const builder: ZoneNamesBuilder = createZoneNamesBuilder();
  builder.add(zone, {
    type: 'SOA',
    primary: nameServer,
    mailbox: `hostmaster.${zone}`,
    serial,
    ...transferTimes,
    minimum: ttl,
  });
  builder.add(zone, { type: 'NS', target: nameServer });
  builder.add(`dns-version.${zone}`, { type: 'TXT', texts: [schemaVersion] });
  return builder.names;
}

function nameServerNames(service: Service | undefined, nameServer: string): ZoneNames {
  const builder = createZoneNamesBuilder();
  const { clusterIP, clusterIPs = [] } = service?.spec ?? {};
  for (const address of parsedAddresses([clusterIP, ...clusterIPs])) {
    builder.add(nameServer, { type: addressType(address), address: formatAddress(address) });
  }
  return builder.names;
}
