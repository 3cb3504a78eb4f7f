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
