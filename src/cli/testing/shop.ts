/**
 * A shop in manifests: two web pods may ask the api, which nobody else may; `two` has two ports, `named` is only a
 * name, and `db` is headless.
 *
 * Lines matter: tests look for `policies.yaml` lines.
 */
export const shop = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web
          ports: [{ name: http, containerPort: 8080 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: shop }
spec:
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      containers:
        - name: api
          image: api
          ports: [{ containerPort: 9090 }]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: shop }
spec:
  replicas: 2
  serviceName: db
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec:
      containers:
        - name: db
          image: db
          ports: [{ name: sql, containerPort: 5432 }]
---
apiVersion: v1
kind: Service
metadata: { name: api, namespace: shop }
spec: { selector: { app: api }, ports: [{ port: 80, targetPort: 9090 }] }
---
apiVersion: v1
kind: Service
metadata: { name: two, namespace: shop }
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80, targetPort: http }, { name: talk, port: 53, protocol: UDP }]
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { clusterIP: None, selector: { app: db }, ports: [{ name: sql, port: 15432, targetPort: sql }] }
---
apiVersion: v1
kind: Service
metadata: { name: named, namespace: shop }
spec: { type: ExternalName, externalName: example.org, ports: [{ port: 80 }] }
`;

export const shopPolicies = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api, namespace: shop }
spec:
  podSelector:
    matchLabels: { app: api }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: 9090 }]
`;
