import type { Resource } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';

/**
 * A conversation with one API server, whichever it is. Every call rejects with a `WeftError` whose code is
 * `api-not-found`, `api-conflict` (409 on update), `api-already-exists`, `api-invalid` (422), `api-gone` (410),
 * `api-unauthorized`, `api-forbidden` (403), `api-rejected` (any other 4xx) or `api-unavailable` (no answer, 429, 5xx;
 * worth a retry).
 */
export interface Client {
  /** Undefined when there is no such object. */
  get<T extends KubernetesObject>(resource: Resource<T>, name: ObjectName): Promise<T | undefined>;
  list<T extends KubernetesObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  create<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T>;
  /** Replaces the object; `api-conflict` when its resourceVersion is not the current one. */
  update<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T>;
  /** Replaces only the status; `api-conflict` as in `update`. */
  updateStatus<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T>;
  /** JSON merge patch (RFC 7386) of the object, or of its subresource. */
  patch<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: { body: object; subresource?: 'status' | 'scale' },
  ): Promise<T>;
  /**
   * Gives a pod its node, once, through its binding subresource: nothing else may. With a uid it is this very pod
   * and not one that took its name meanwhile; `api-conflict` for another one, and for a pod that has a node.
   */
  bind(pod: ObjectName & { readonly uid?: string }, node: string): Promise<void>;
  /**
   * Server-side apply: the object holds these fields, owned by this client's field manager, and no longer those that
   * it applied before and leaves out now. `api-conflict` where somebody else owns a field and says otherwise, unless
   * it is taken by `force`.
   */
  apply<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options?: { force?: boolean },
  ): Promise<T>;
  /** Resolves also when there was nothing to delete; `api-conflict` when a precondition does not hold. */
  delete(resource: Resource, name: ObjectName, options?: DeleteOptions): Promise<void>;
  /** A new token of a service account (TokenRequest), for the API server itself. It may live shorter than asked for. */
  requestToken(account: Required<ObjectName>, options: { seconds: number }): Promise<IssuedToken>;
  /** Lets a namespace that is being deleted go, for it is empty. */
  finalizeNamespace(name: string): Promise<void>;
  /**
   * A cache of all objects of a resource, kept current by list and watch, which reconnects and relists by
   * itself. A resource that the server does not serve (yet) has no objects. One informer per resource and client: a second call returns the same one.
   */
  informer<T extends KubernetesObject>(resource: Resource<T>): Informer<T>;
  /** Ends watches and connections. */
  close(): Promise<void>;
}

export interface ObjectName {
  readonly namespace?: string;
  readonly name: string;
}

export interface IssuedToken {
  readonly token: string;
  /** RFC 3339, by the server's clock. */
  readonly expires: string;
}

export interface DeleteOptions {
  /** Only this very object, and not one that has taken its name meanwhile. */
  readonly uid?: string;
  /** How long a pod on a node may take to end; 0 removes it at once, for its node says that it has ended. */
  readonly graceSeconds?: number;
}

export interface ListOptions {
  readonly namespace?: string;
  /** In the API's string form: `app=web,tier!=db`. */
  readonly labelSelector?: string;
}

export interface ObjectList<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

/** One change seen by a watch. `previous` is what the cache held before; `current` is absent for a deletion. */
export interface Change<T> {
  readonly key: string;
  readonly previous?: T;
  readonly current?: T;
}

export interface Informer<T> {
  /** Resolves when the first list is in the cache. */
  readonly synced: Promise<void>;
  /** By `namespace/name`, or `name` for a cluster-scoped object. Never modify what is returned. */
  get(key: string): T | undefined;
  values(): Iterable<T>;
  readonly size: number;
  /** The newest resourceVersion seen, of this resource only; '0' before the first list. */
  readonly resourceVersion: string;
  /**
   * Calls back for each change, synchronously and in order, after the cache holds it; first once per object
   * already cached. Returns the function that ends it.
   */
  onChange(callback: (change: Change<T>) => void): () => void;
  /** Lists again, because the watch has not told what it must have told: the cache is known to be stale. */
  renew(): void;
}
