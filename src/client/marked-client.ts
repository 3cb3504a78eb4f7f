import type { Resource } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { Client } from './port.ts';

/** An annotation: labels mean something to selectors, and a mark must mean nothing to the network. */
export interface Mark {
  readonly annotation: string;
  readonly value: string;
}

/** The object with a mark on it. */
export function marked<T extends KubernetesObject>(object: T, { annotation, value }: Mark): T {
  const annotations = { ...object.metadata.annotations, [annotation]: value };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

export function isMarked({ metadata }: KubernetesObject, { annotation, value }: Mark): boolean {
  return metadata.annotations?.[annotation] === value;
}

/** A client whose every new object has the mark, so that what it made is known later, by whomever. */
export function markedClient(client: Client, mark: Mark): Client {
  return {
    ...client,
    create<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T> {
      return client.create(resource, marked(object, mark));
    },
    apply<T extends KubernetesObject>(
      resource: Resource<T>,
      object: T,
      options?: { force?: boolean },
    ): Promise<T> {
      return client.apply(resource, marked(object, mark), options);
    },
  };
}
