import type { VirtualMachineInterface } from '../../api/types/fabric.ts';
import type { MultiNetworkPolicy } from '../../api/types/layer2.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { policyForAnnotation } from '../../model/policy/compile-multi.ts';

/** An object of the world around the nodes. */
export const weftKind = (kind: string, name: string, spec: object): KubernetesObject =>
  ({ apiVersion: 'weft.dev/v1alpha1', kind, metadata: { name }, spec }) as KubernetesObject;

/** One that answers at TCP port 80. */
export const machine = (name: string, ...interfaces: VirtualMachineInterface[]): KubernetesObject =>
  weftKind('VirtualMachine', name, { interfaces, ports: [{ port: 80 }] });

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
