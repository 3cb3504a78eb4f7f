import { resourceOf, resources, type Resource } from '../../api/resources.ts';
import { matchesSelector, parseLabelSelector } from '../../api/selector.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { systemClock, type Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { silentLog, type Log } from '../../lib/log.ts';
import { createCache } from '../cache/cache.ts';
import { mergePatch } from '../merge-patch.ts';
import type { Client, Informer, ListOptions, ObjectList, ObjectName } from '../port.ts';
import { applyTo } from './apply.ts';
import { freshCopy } from './frozen-copy.ts';
import { createFakeStore, type AnyObject, type FakeStore } from './store.ts';

export interface FakeClientOptions {
  /** What the API holds at first, status included. */
  readonly objects?: readonly KubernetesObject[];
  readonly clock?: Pick<Clock, 'now'>;
  readonly log?: Log;
  /** As of the HTTP client. */
  readonly fieldManager?: string;
  /** Called before every call: to count, to delay, or to throw what the API would answer. */
  readonly intercept?: (call: FakeCall) => void | Promise<void>;
  /** When events reach informers: in the next microtask, unless a test wants a cache that lags. Order must be kept. */
  readonly deliver?: (apply: () => void) => void;
}

export interface FakeCall {
  readonly verb:
    | 'get'
    | 'list'
    | 'create'
    | 'update'
    | 'updateStatus'
    | 'patch'
    | 'apply'
    | 'delete'
    | 'bind'
    | 'finalize'
    | 'token';
  readonly resource: Resource;
  /** Absent for lists; without `name` for a create with generateName. */
  readonly name?: Partial<ObjectName>;
}

/**
 * An API server in memory, with the rules that controllers and agents depend on (see `FakeStore`). Namespaces
 * need not exist, and nothing is validated or defaulted.
 */
export function createFakeClient(options: FakeClientOptions = {}): Client {
  const clock = options.clock ?? systemClock;
  const store = createFakeStore(() => clock.now());
  for (const object of options.objects ?? []) store.put(servedResource(object), object);
  return clientOf(store, options);
}

/** A client of a store that others use too. */
export function clientOf(
  store: FakeStore,
  options: Omit<FakeClientOptions, 'objects' | 'clock'> = {},
): Client {
  const informers = createInformers(store, options);
  const manager = options.fieldManager ?? 'weft';
  const before = async (call: FakeCall): Promise<void> => options.intercept?.(call);
  /** The store holds under a resource what was stored as that resource. */
  const typed = <T extends KubernetesObject>(_: Resource<T>, object: AnyObject): T =>
    freshCopy(object) as unknown as T;

  return {
    async get<T extends KubernetesObject>(resource: Resource<T>, name: ObjectName): Promise<T | undefined> {
      await before({ verb: 'get', resource, name });
      const object = store.get(resource, name);
      return object === undefined ? undefined : typed(resource, object);
    },
    async list<T extends KubernetesObject>(
      resource: Resource<T>,
      options: ListOptions = {},
    ): Promise<ObjectList<T>> {
      await before({ verb: 'list', resource });
      const { items, resourceVersion } = store.list(resource);
      return { items: items.filter(filterOf(options)).map((item) => typed(resource, item)), resourceVersion };
    },
    async create<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T> {
      await before({ verb: 'create', resource, name: object.metadata });
      return typed(resource, store.create(resource, object));
    },
    async update<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T> {
      await before({ verb: 'update', resource, name: object.metadata });
      return typed(
        resource,
        store.modify(resource, object.metadata, { what: 'object', change: () => object }),
      );
    },
    async updateStatus<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T> {
      await before({ verb: 'updateStatus', resource, name: object.metadata });
      return typed(
        resource,
        store.modify(resource, object.metadata, { what: 'status', change: () => object }),
      );
    },
    async patch<T extends KubernetesObject>(
      resource: Resource<T>,
      name: ObjectName,
      { body, subresource }: Parameters<Client['patch']>[2],
    ): Promise<T> {
      await before({ verb: 'patch', resource, name });
      const change = (current: AnyObject): AnyObject => mergePatch(current, body) as AnyObject;
      return typed(
        resource,
        store.modify(resource, name, { what: subresource === 'status' ? 'status' : 'object', change }),
      );
    },
    async bind(pod, node) {
      await before({ verb: 'bind', resource: resources.pods, name: pod });
      store.bind(pod, node);
    },
    async apply<T extends KubernetesObject>(
      resource: Resource<T>,
      object: T,
      { force = false } = {},
    ): Promise<T> {
      await before({ verb: 'apply', resource, name: object.metadata });
      return typed(resource, applyTo(store, resource, { object, manager, force }));
    },
    async delete(resource, name, { uid } = {}) {
      await before({ verb: 'delete', resource, name });
      store.delete(resource, name, uid);
    },
    async requestToken(account, { seconds }) {
      await before({ verb: 'token', resource: resources.serviceaccounts, name: account });
      return store.token(account, seconds);
    },
    async finalizeNamespace(name) {
      await before({ verb: 'finalize', resource: resources.namespaces, name: { name } });
      const change = (namespace: AnyObject): AnyObject => ({ ...namespace, spec: { finalizers: [] } });
      store.modify(resources.namespaces, { name }, { what: 'object', change });
    },
    informer: informers.informer,
    close() {
      informers.close();
      return Promise.resolve();
    },
  };
}

function createInformers(
  store: FakeStore,
  { deliver = queueMicrotask, log = silentLog }: Pick<FakeClientOptions, 'deliver' | 'log'>,
): { informer: Client['informer']; close: () => void } {
  const informers = new Map<string, Informer<KubernetesObject>>();
  const stops: (() => void)[] = [];
  let closed = false;
  return {
    informer<T extends KubernetesObject>(resource: Resource<T>): Informer<T> {
      const id = `${resource.group}/${resource.plural}`;
      const known = informers.get(id);
      // One informer per resource: its type is the resource's.
      if (known !== undefined) return known as unknown as Informer<T>;
      const later = (apply: () => void): void => deliver(() => (closed ? undefined : apply()));
      const list = (): void => {
        const listed = store.list(resource);
        later(() => cache.replace(listed));
      };
      const cache = createCache<AnyObject>(log, list);
      list();
      stops.push(store.watch(resource, (event) => later(() => cache.apply(event))));
      informers.set(id, cache.informer);
      return cache.informer as unknown as Informer<T>;
    },
    close() {
      closed = true;
      for (const stop of stops) stop();
    },
  };
}

function filterOf({ namespace, labelSelector }: ListOptions): (object: AnyObject) => boolean {
  const selector = labelSelector === undefined ? {} : parseLabelSelector(labelSelector);
  return ({ metadata }) =>
    (namespace === undefined || metadata.namespace === namespace) &&
    matchesSelector(selector, metadata.labels);
}

function servedResource(object: KubernetesObject): Resource {
  const resource = resourceOf(object);
  if (resource !== undefined) return resource;
  throw new WeftError('api-not-found', `no resource serves ${object.apiVersion} ${object.kind}`);
}
