import type { Service } from '../../api/types/core.ts';
import type { EndpointSlice } from '../../api/types/network.ts';
import type { ServicePortModel } from './port.ts';
import type { Pool } from '../load-balancer/pools.ts';
import { servicePortsOf, type ServiceOptions } from './service-ports.ts';

/** Services with their endpoints, kept current change by change. Keys are `namespace/name`. */
export interface ServiceModel {
  /** Undefined removes. */
  setService(key: string, service: Service | undefined): void;
  /** A slice belongs to the Service that its label names; one without the label belongs to none. */
  setEndpointSlice(key: string, slice: EndpointSlice | undefined): void;
  /** The pools of which the cluster gives load balancers' addresses, instead of those told before. */
  setPools(pools: readonly Pool[]): void;
  /** Empty for a Service that is not there or has nothing to translate; the same object until it changes. */
  portsOf(serviceKey: string): readonly ServicePortModel[];
  /** Keys of the Services whose ports changed since the last call, exactly. */
  takeChanges(): ReadonlySet<string>;
}

/** The label by which a slice names its Service, in its own namespace. */
const serviceNameLabel = 'kubernetes.io/service-name';

interface Entry {
  service: Service | undefined;
  readonly slices: Map<string, EndpointSlice>;
  /** Undefined while an input changed since it was computed. */
  ports: readonly ServicePortModel[] | undefined;
  /** What was computed last, and what was told last. */
  known: readonly ServicePortModel[];
  told: readonly ServicePortModel[];
}

const noPorts: readonly ServicePortModel[] = [];

/** The model, empty. A change costs its own Service. */
export function createServiceModel(config: Omit<ServiceOptions, 'pools'> = {}): ServiceModel {
  let options: ServiceOptions = config;
  const entries = new Map<string, Entry>();
  const serviceOfSlice = new Map<string, string>();
  const touched = new Set<string>();

  function touch(key: string): Entry {
    const entry = entries.get(key) ?? {
      service: undefined,
      slices: new Map(),
      ports: undefined,
      known: noPorts,
      told: noPorts,
    };
    entries.set(key, entry);
    entry.ports = undefined;
    touched.add(key);
    return entry;
  }

  function portsOf(key: string): readonly ServicePortModel[] {
    const entry = entries.get(key);
    if (entry === undefined) return noPorts;
    entry.ports ??= current(entry, options);
    return entry.ports;
  }

  return {
    setService(key, service) {
      touch(key).service = service;
    },
    setEndpointSlice(key, slice) {
      const before = serviceOfSlice.get(key);
      const after = slice === undefined ? undefined : serviceKeyOf(key, slice);
      if (before !== undefined && before !== after) touch(before).slices.delete(key);
      if (slice === undefined || after === undefined) {
        serviceOfSlice.delete(key);
        return;
      }
      serviceOfSlice.set(key, after);
      touch(after).slices.set(key, slice);
    },
    setPools(pools) {
      options = { ...config, pools };
      for (const [key, { service }] of entries) if (service?.spec.type === 'LoadBalancer') touch(key);
    },
    portsOf,
    takeChanges() {
      const changes = new Set<string>();
      for (const key of touched) {
        const entry = entries.get(key);
        if (entry === undefined) continue;
        const ports = portsOf(key);
        if (entry.told !== ports) changes.add(key);
        entry.told = ports;
        if (entry.service === undefined && entry.slices.size === 0) entries.delete(key);
      }
      touched.clear();
      return changes;
    },
  };
}

function serviceKeyOf(sliceKey: string, slice: EndpointSlice): string | undefined {
  const name = slice.metadata.labels?.[serviceNameLabel];
  return name === undefined ? undefined : `${sliceKey.slice(0, sliceKey.indexOf('/'))}/${name}`;
}

/** Computes the ports, and keeps the object that was there when they are equal. */
function current(entry: Entry, options: ServiceOptions): readonly ServicePortModel[] {
  const { service, slices } = entry;
  const ports = service === undefined ? noPorts : servicePortsOf(service, slices.values(), options);
  if (ports.length === 0) entry.known = noPorts;
  else if (entry.known.length === 0 || JSON.stringify(ports) !== JSON.stringify(entry.known))
    entry.known = ports;
  return entry.known;
}
