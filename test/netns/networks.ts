import type { Pod } from '../../src/api/types/core.ts';
import type { MultiNetworkPolicy } from '../../src/api/types/layer2.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import { networksAnnotation } from '../../src/model/attachments/selection.ts';
import { policyForAnnotation } from '../../src/model/policy/compile-multi.ts';
import { podOn } from '../support/lab.ts';

/** An object of the world around the nodes. */
export const weftKind = (kind: string, name: string, spec: object): KubernetesObject =>
  ({ apiVersion: 'weft.dev/v1alpha1', kind, metadata: { name }, spec }) as KubernetesObject;

/** A network in `default`, on a segment where the configuration does not say which. */
export const network = (name: string, config: object, segment?: string): KubernetesObject =>
  ({
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: {
      name,
      namespace: 'default',
      ...(segment && { annotations: { 'weft.dev/segment': segment } }),
    },
    spec: { config: JSON.stringify({ cniVersion: '0.3.1', ...config }) },
  }) as KubernetesObject;

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

/** A policy of `default` about networks. */
export const multiPolicy = (
  name: string,
  policyFor: string,
  spec: NonNullable<MultiNetworkPolicy['spec']>,
): MultiNetworkPolicy => ({
  apiVersion: 'k8s.cni.cncf.io/v1beta1',
  kind: 'MultiNetworkPolicy',
  metadata: { name, namespace: 'default', annotations: { [policyForAnnotation]: policyFor } },
  spec,
});
