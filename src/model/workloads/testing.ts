import type { Deployment } from '../../api/types/apps.ts';
import type { Node, Pod, PodTemplateSpec, Service } from '../../api/types/core.ts';

/** Objects for tests, with only what a test cares about. */
export function makeTemplate(labels: Record<string, string>, port = 8080): PodTemplateSpec {
  return {
    metadata: { labels },
    spec: { containers: [{ name: 'main', ports: [{ name: 'http', containerPort: port }] }] },
  };
}

export function makePod(
  name: string,
  options: {
    ip?: string;
    ready?: boolean;
    port?: number;
    labels?: Record<string, string>;
    node?: string;
    deleted?: boolean;
  } = {},
): Pod {
  const { labels = { app: 'web' }, ready = true, port, ip, node = 'node-1' } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      labels,
      ...(options.deleted === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { ...makeTemplate(labels, port).spec, nodeName: node },
    status: {
      phase: 'Running',
      ...(ip === undefined ? {} : { podIP: ip, podIPs: [{ ip }] }),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

export function makeService(name: string, spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', uid: `uid-${name}` },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }], ...spec },
  };
}

export function makeNode(
  name: string,
  options: { ready?: boolean; cordoned?: boolean; labels?: Record<string, string> } = {},
): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: options.labels ?? {} },
    spec: { unschedulable: options.cordoned === true },
    status: { conditions: [{ type: 'Ready', status: options.ready === false ? 'False' : 'True' }] },
  };
}

export function makeDeployment(name: string, spec: Partial<Deployment['spec']> = {}): Deployment {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop', uid: `uid-${name}` },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: makeTemplate(labels), ...spec },
  };
}
