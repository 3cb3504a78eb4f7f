/** The workloads that every rule's example is about; nothing is wrong with them. */
export const exampleWorkloads = `apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { containers: [{ name: web, image: web, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: db, labels: { app: db } }
spec: { containers: [{ name: db, image: db, ports: [{ name: sql, containerPort: 5432 }] }] }
`;

/** The beginning of a NetworkPolicy, down to `spec:`. */
export function networkPolicy(name: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name} }
spec:
`;
}

/** The beginning of a ClusterNetworkPolicy of tier Admin about all pods; its rules are to follow. */
export function clusterPolicy(name: string, priority: number): string {
  return `apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: ${name} }
spec:
  tier: Admin
  priority: ${priority}
  subject: { namespaces: {} }
`;
}

/** The same of tier Baseline. */
export const baselinePolicy = (name: string): string =>
  clusterPolicy(name, 0).replace('tier: Admin', 'tier: Baseline');

/** The beginning of a Service; its spec is to follow. */
export function service(name: string): string {
  return `apiVersion: v1
kind: Service
metadata: { name: ${name} }
`;
}

/** A network 10.0.0.0/16 with subnets `apps` and `edge`, one of which has a route table, and `data` where it has a prefix. */
export function routedNetwork(subnet: 'apps' | 'edge', data?: string): string {
  const table = (name: string): string => (name === subnet ? ', routeTable: routes' : '');
  return `apiVersion: weft.dev/v1alpha1
kind: VirtualNetwork
metadata: { name: hub }
spec:
  addressSpace: [10.0.0.0/16]
  subnets:
    - { name: apps, prefix: 10.0.1.0/24${table('apps')} }
    - { name: edge, prefix: 10.0.2.0/24${table('edge')} }
${data === undefined ? '' : `    - { name: data, prefix: ${data} }\n`}`;
}

/** A machine 10.0.2.4 in `edge` that forwards, unless its interface says otherwise. */
export function firewall(more = ', enableIPForwarding: true'): string {
  return `apiVersion: weft.dev/v1alpha1
kind: VirtualMachine
metadata: { name: firewall }
spec: { interfaces: [{ name: eth0, network: hub, subnet: edge, addresses: [10.0.2.4]${more} }] }
`;
}

/** A group that opens port 443 and closes the rest, with these priorities. */
export function securityGroup({ web, rest }: { readonly web: number; readonly rest: number }): string {
  return `apiVersion: weft.dev/v1alpha1
kind: NetworkSecurityGroup
metadata: { name: apps }
spec:
  rules:
    - { name: web, priority: ${web}, direction: Inbound, access: Allow, protocol: Tcp, destinationPorts: ['443'] }
    - { name: rest, priority: ${rest}, direction: Inbound, access: Deny }
`;
}

/** The table, whose only route sends a prefix to an appliance. */
export function routeTo(prefix: string, appliance: string): string {
  return `apiVersion: weft.dev/v1alpha1
kind: RouteTable
metadata: { name: routes }
spec:
  routes:
    - { name: out, prefix: ${prefix}, nextHopType: VirtualAppliance, nextHopAddress: ${appliance} }
`;
}

/** A ClusterNetwork of a model. */
export function clusterNetwork(model: string): string {
  return `apiVersion: weft.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: default }
spec: { model: ${model} }
`;
}

/** The policy with which all is well: db lets web in, and nobody else. */
export const dbFromWeb = `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: 5432 }]
`;

/** An egress rule that opens the cluster DNS. */
export const dnsRule = `    - to:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }
          podSelector: { matchLabels: { k8s-app: kube-dns } }
      ports: [{ port: 53, protocol: UDP }, { port: 53 }]
`;

/** A pod `viewer` with an interface on the network `cameras`. */
export const attachedPod = `apiVersion: weft.dev/v1alpha1
kind: Segment
metadata: { name: cameras }
spec: { prefix: 192.168.20.0/24, pools: [{ name: pods, range: 192.168.20.50-192.168.20.59 }] }
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: { name: cameras }
spec:
  config: |
    { "type": "weft", "segment": "cameras", "ipam": { "type": "weft", "pool": "pods" } }
---
apiVersion: v1
kind: Pod
metadata:
  name: viewer
  labels: { app: viewer }
  annotations: { k8s.v1.cni.cncf.io/networks: cameras }
spec: { containers: [{ name: viewer, image: viewer, ports: [{ containerPort: 8080 }] }] }
`;

/** A MultiNetworkPolicy about a network, which lets nobody in. */
export function multiPolicy(network: string, app = 'viewer'): string {
  return `apiVersion: k8s.cni.cncf.io/v1beta1
kind: MultiNetworkPolicy
metadata:
  name: closed
  annotations: { k8s.v1.cni.cncf.io/policy-for: ${network} }
spec: { podSelector: { matchLabels: { app: ${app} } }, policyTypes: [Ingress] }
`;
}
