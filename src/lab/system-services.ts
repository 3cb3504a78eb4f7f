import { dnsAddress, kubernetesAddress } from '../api/allocation.ts';
import type { Deployment } from '../api/types/apps.ts';
import type { Endpoints, Service } from '../api/types/core.ts';
import type { EndpointSlice } from '../api/types/network.ts';
import { familyOf } from '../lib/address.ts';
import { primaryServiceCidr, type NetworkConfig } from '../model/network/config.ts';
import { labControlAddress } from '../model/network/lab-addresses.ts';
import { servedByAnnotation } from './served-by.ts';

/** TCP port of the API server on the control machine. */
export const apiPort = 6443;

const dnsLabels = { 'k8s-app': 'kube-dns' };

/**
 * Cluster DNS: a Deployment whose pods the DNS process serves, behind the Service every resolver knows, which has an
 * address of every family that the cluster has.
 */
export function clusterDnsObjects(config: NetworkConfig): [Deployment, Service] {
  const deployment: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'cluster-dns', namespace: 'kube-system', labels: dnsLabels },
    spec: {
      replicas: 1,
      selector: { matchLabels: dnsLabels },
      template: {
        metadata: { labels: dnsLabels, annotations: { [servedByAnnotation]: 'dns' } },
        spec: {
          dnsPolicy: 'Default',
          containers: [
            {
              name: 'dns',
              image: 'weft.dev/dns',
              ports: [
                { name: 'dns', containerPort: 53, protocol: 'UDP' },
                { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
              ],
            },
          ],
        },
      },
    },
  };
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-dns', namespace: 'kube-system', labels: dnsLabels },
    spec: {
      clusterIP: dnsAddress(primaryServiceCidr(config)),
      ...(config.serviceCidrs.length > 1 ? { ipFamilyPolicy: 'PreferDualStack' as const } : {}),
      selector: dnsLabels,
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
      ],
    },
  };
  return [deployment, service];
}

/** `kubernetes.default`: the API server as pods reach it, on the control machine of the fabric. */
export function apiServiceObjects(
  config: NetworkConfig,
  ordinal?: number,
): [Service, EndpointSlice, Endpoints] {
  const serviceCidr = primaryServiceCidr(config);
  const family = familyOf(serviceCidr);
  const control = labControlAddress(family, ordinal);
  const metadata = { name: 'kubernetes', namespace: 'default' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        clusterIP: kubernetesAddress(serviceCidr),
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiPort }],
      },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: family,
      endpoints: [{ addresses: [control], conditions: { ready: true } }],
      ports: [{ name: 'https', port: apiPort, protocol: 'TCP' }],
    },
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      // Its slice is above.
      metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [
        {
          addresses: [{ ip: control }],
          ports: [{ name: 'https', port: apiPort, protocol: 'TCP' }],
        },
      ],
    },
  ];
}
