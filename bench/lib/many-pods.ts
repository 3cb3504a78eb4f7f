import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Deployments, each with a Service in front. */
export interface ManyPods {
  readonly pods: number;
  readonly deployments: number;
  /** So many of them, the first, have a single pod; none when absent. The others are of equal size. */
  readonly singles?: number;
  /** Further objects of the manifests. */
  readonly beside?: readonly object[];
}

/** Port that every pod listens on over TCP; its Service has it as port 80. */
export const podPort = 8080;
/** Port that every pod listens on over UDP. */
export const beaconPort = 4199;

/** Runs `work` with a file of their manifests, which is gone afterwards. */
export async function withManifests<T>(many: ManyPods, work: (path: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  try {
    const path = join(directory, 'many-pods.json');
    const deployments = Array.from({ length: many.deployments }, (_, index) => manifestsOf(many, index));
    const items = [...(many.beside ?? []), ...deployments.flat()];
    writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    return await work(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Label `app` of the pods of a deployment, and the name of its Service. */
export const appOf = (deployment: number): string => `app-${deployment}`;

function replicasOf({ pods, deployments, singles = 0 }: ManyPods, index: number): number {
  if (index < singles) return 1;
  const [left, others] = [pods - singles, deployments - singles];
  return Math.floor(left / others) + (index - singles < left % others ? 1 : 0);
}

function manifestsOf(many: ManyPods, index: number): object[] {
  const labels = { app: appOf(index) };
  const ports = [{ containerPort: podPort }, { containerPort: beaconPort, protocol: 'UDP' }];
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: appOf(index) },
    spec: {
      replicas: replicasOf(many, index),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'serves', image: 'none', ports }] } },
    },
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: appOf(index) },
    spec: {
      selector: labels,
      ports: [
        { name: 'http', port: 80, targetPort: podPort },
        { name: 'beacon', port: beaconPort, protocol: 'UDP' },
      ],
    },
  };
  return [deployment, service];
}
