import type { Pod } from '../api/types/core.ts';

/** The Service of the cluster DNS, as kubeadm names it. */
export const clusterDnsService = 'kube-system/kube-dns';

/** Whether it is a pod behind that Service, by the label that its selector has everywhere. */
export function isClusterDns({ metadata }: Pod): boolean {
  return metadata.namespace === 'kube-system' && metadata.labels?.['k8s-app'] === 'kube-dns';
}
