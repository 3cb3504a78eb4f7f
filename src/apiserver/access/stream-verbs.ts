import { isPathAttributes, type Attributes } from './port.ts';

/**
 * What a request needs besides what its method says. A program, or a connection into a pod, is asked for with GET where
 * it goes over a WebSocket; whoever may only read shall not have it (as kube-apiserver since 1.35). Undefined: nothing.
 */
export function neededBesides(attributes: Attributes): Attributes | undefined {
  if (isPathAttributes(attributes) || attributes.verb !== 'get') return undefined;
  const { group, resource, subresource } = attributes;
  if (group !== '' || resource !== 'pods' || !streams.has(subresource)) return undefined;
  return { ...attributes, verb: 'create' };
}

const streams = new Set(['attach', 'exec', 'portforward']);
