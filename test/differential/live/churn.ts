import type { Pod, Service } from '../../../src/api/types/core.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';

/**
 * The cluster of a seed as the next state of a lab that held another one. Namespaces, policies and Services stay and
 * change; what the API does not let anybody change is made anew under another name: pods, and what is headless.
 */
export function asNextState(objects: readonly KubernetesObject[], seed: number): KubernetesObject[] {
  return objects.map((object) => {
    if (object.kind === 'Pod') return renamed(object as Pod, `${object.metadata.name}-of-${seed}`);
    const isHeadless = object.kind === 'Service' && (object as Service).spec.clusterIP === 'None';
    return isHeadless ? renamed(object, `headless-${object.metadata.name}`) : object;
  });
}

function renamed<T extends KubernetesObject>(object: T, name: string): T {
  return { ...object, metadata: { ...object.metadata, name } };
}
