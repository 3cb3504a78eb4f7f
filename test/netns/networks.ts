import type { Pod } from '../../src/api/types/core.ts';
import { networksAnnotation } from '../../src/model/attachments/selection.ts';
import { podOn } from '../support/lab.ts';

/** A pod of `default` with further interfaces. */
export const podWith = (
  node: string,
  name: string,
  networks: unknown,
  options: Parameters<typeof podOn>[2] = {},
): Pod => {
  const pod = podOn(node, `default/${name}`, options);
  const text = typeof networks === 'string' ? networks : JSON.stringify(networks);
  return { ...pod, metadata: { ...pod.metadata, annotations: { [networksAnnotation]: text } } };
};
