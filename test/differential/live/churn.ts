import type { Container, Pod, Service } from '../../../src/api/types/core.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';

/**
 * The cluster of a seed as the next state of a lab that held another one. Namespaces, policies and Services stay and
 * change; what the API does not let anybody change is made anew under another name: pods, and what is headless.
 */
export function asNextState(objects: readonly KubernetesObject[], seed: number): KubernetesObject[] {
  return objects.map((object) => {
    if (object.kind === 'Pod') {
      return renamed(withOwnHostPorts(object as Pod, seed), `${object.metadata.name}-of-${seed}`);
    }
    const isHeadless = object.kind === 'Service' && (object as Service).spec.clusterIP === 'None';
    return isHeadless ? renamed(object, `headless-${object.metadata.name}`) : object;
  });
}

/** A host-network pod cannot listen where its predecessor on the node is only about to end. */
function withOwnHostPorts(pod: Pod, seed: number): Pod {
  const { spec } = pod;
  if (spec.hostNetwork !== true) return pod;
  const shifted = ({ ports = [], ...container }: Container): Container => ({
    ...container,
    ports: ports.map((port) => ({ ...port, containerPort: port.containerPort + (seed % 16) * 200 })),
  });
  const { initContainers = [], containers } = spec;
  return {
    ...pod,
    spec: { ...spec, initContainers: initContainers.map(shifted), containers: containers.map(shifted) },
  };
}

function renamed<T extends KubernetesObject>(object: T, name: string): T {
  return { ...object, metadata: { ...object.metadata, name } };
}

/**
 * The same objects with their labels moved on, each pod's to the next pod and each namespace's to the next: pods
 * that run become others to policies and Services, in place.
 */
export function relabelled(objects: readonly KubernetesObject[]): KubernetesObject[] {
  const successors = new Map(
    ['Pod', 'Namespace'].flatMap((kind) => {
      const same = objects.filter((object) => object.kind === kind);
      return same.map((object, index) => [object, same[(index + 1) % same.length]?.metadata.labels] as const);
    }),
  );
  return objects.map((object) =>
    successors.has(object)
      ? { ...object, metadata: { ...object.metadata, labels: successors.get(object) ?? {} } }
      : object,
  );
}
