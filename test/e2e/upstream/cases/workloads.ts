import type { Case } from '../ask.ts';
import { casesOf, withStatus } from './make.ts';

const pod = casesOf('v1', 'Pod');
const container = { name: 'a', image: 'b' };
const labels = { app: 'x' };
const template = { metadata: { labels }, spec: { containers: [container] } };
const selector = { matchLabels: labels };

const withSpec = (name: string, fields: object, ...specs: object[]): Case =>
  pod(name, { spec: { containers: [container], ...fields } }, ...specs.map((spec) => ({ spec })));
const withContainer = (name: string, fields: object): Case =>
  pod(name, { spec: { containers: [{ ...container, ...fields }] } });

export const podCases: readonly Case[] = [
  withSpec('a pod', {}),
  withSpec('a pod on a node network', {
    hostNetwork: true,
    containers: [{ ...container, ports: [{ containerPort: 80 }] }],
  }),
  withSpec('a pod with an init container', { initContainers: [{ name: 'c', image: 'd:1' }] }),
  withSpec('a pod with a name twice', { initContainers: [container] }),
  withSpec('a pod without containers', { containers: [] }),
  withContainer('a container with a port', { ports: [{ name: 'http', containerPort: 80 }] }),
  withContainer('a container with ports that are none', {
    ports: [{ name: 'a--b', containerPort: 0, hostPort: 70000, protocol: 'ICMP' }],
  }),
  withContainer('a container with a port name twice', {
    ports: [
      { name: 'a', containerPort: 80 },
      { name: 'a', containerPort: 81 },
    ],
  }),
  withContainer('a container without name', { name: '' }),
  withContainer('a container without image', { image: '' }),
  withContainer('a container with a probe', { readinessProbe: { httpGet: { port: 80 } } }),
  withContainer('a container with limits', { resources: { limits: { cpu: '1' } } }),
  withContainer('a container with variables', {
    env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
  }),
  withSpec('a pod with volumes', {
    volumes: [
      { name: 'a', configMap: { name: 'a' } },
      { name: 'b', secret: { secretName: 'b' } },
      { name: 'c', emptyDir: {} },
    ],
  }),
  withSpec('a pod with a host name that is none', { hostname: 'A.b', subdomain: 'C_d' }),
  withSpec('a pod with its own DNS', {
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['192.0.2.1'], searches: ['a.b'] },
  }),
  withSpec('a pod with no DNS', { dnsPolicy: 'None' }),
  withSpec('a pod with DNS that is none', {
    dnsPolicy: 'Near',
    dnsConfig: { nameservers: ['x'], searches: ['A B'] },
  }),
  withSpec('a pod that restarts as it likes', { restartPolicy: 'Sometimes' }),
  withSpec('a pod on a node that is none', { nodeName: 'A B', nodeSelector: { 'a b': 'c d' } }),
  withSpec('a pod with a service account that is none', { serviceAccountName: 'A B' }),
  withSpec('a pod with another image', {}, { containers: [{ ...container, image: 'c' }] }),
  withSpec('a pod with another name', {}, { containers: [{ ...container, name: 'c' }] }),
  withSpec('a pod with another container', {}, { containers: [container, { name: 'c', image: 'd' }] }),
  withSpec(
    'a pod with a port that comes',
    {},
    { containers: [{ ...container, ports: [{ containerPort: 80 }] }] },
  ),
  withSpec('a pod with another host name', {}, { hostname: 'c' }),
  withSpec(
    'a pod with a deadline',
    {},
    { activeDeadlineSeconds: 10 },
    { activeDeadlineSeconds: 20 },
    { activeDeadlineSeconds: 5 },
    { activeDeadlineSeconds: null },
  ),
  withSpec(
    'a pod that tolerates more',
    {},
    { tolerations: [{ key: 'a', operator: 'Exists' }] },
    { tolerations: [] },
  ),
  withSpec(
    'a pod that waits',
    { schedulingGates: [{ name: 'a' }] },
    { schedulingGates: [] },
    { schedulingGates: [{ name: 'b' }] },
  ),
  withSpec('a pod that is bound by an update', {}, { nodeName: 'n' }),
  withStatus(withSpec('a pod that runs', {}), {
    phase: 'Running',
    podIP: '10.0.0.1',
    podIPs: [{ ip: '10.0.0.1' }],
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [
      { name: 'a', ready: true, restartCount: 2, image: 'b', imageID: '', state: { running: {} } },
    ],
  }),
  withStatus(withSpec('a pod that failed', {}), {
    phase: 'Failed',
    containerStatuses: [
      {
        name: 'a',
        ready: false,
        restartCount: 0,
        image: 'b',
        imageID: '',
        state: { terminated: { exitCode: 3 } },
      },
    ],
  }),
  withStatus(withSpec('a pod that completed', {}), {
    phase: 'Succeeded',
    containerStatuses: [
      {
        name: 'a',
        ready: false,
        restartCount: 0,
        image: 'b',
        imageID: '',
        state: { terminated: { exitCode: 0, reason: 'Completed' } },
      },
    ],
  }),
  withStatus(withSpec('a pod that crashes', {}), {
    phase: 'Running',
    containerStatuses: [
      {
        name: 'a',
        ready: false,
        restartCount: 7,
        image: 'b',
        imageID: '',
        state: { waiting: { reason: 'CrashLoopBackOff' } },
      },
    ],
  }),
  withStatus(withSpec('a pod that begins', { initContainers: [{ name: 'c', image: 'd' }] }), {
    phase: 'Pending',
    initContainerStatuses: [
      { name: 'c', ready: false, restartCount: 0, image: 'd', imageID: '', state: { running: {} } },
    ],
  }),
  withStatus(withSpec('a pod whose addresses are none', {}), { podIP: 'x', podIPs: [{ ip: 'x' }] }),
];

const workload = (
  kind: string,
  spec: object = {},
): ((name: string, fields: object, ...specs: object[]) => Case) => {
  const make = casesOf('apps/v1', kind);
  return (name, fields, ...specs) =>
    make(
      `${kind}: ${name}`,
      { spec: { selector, template, ...spec, ...fields } },
      ...specs.map((one) => ({ spec: one })),
    );
};
const deployment = workload('Deployment');
const replicaSet = workload('ReplicaSet');
const daemonSet = workload('DaemonSet');
const statefulSet = workload('StatefulSet', { serviceName: 's' });
const other = { matchLabels: { app: 'y' } };
const otherTemplate = { metadata: { labels: { app: 'y' } } };

export const workloadCases: readonly Case[] = [
  ...[deployment, replicaSet, daemonSet, statefulSet].flatMap((make) => [
    make('as it comes', {}),
    make('a selector that changes', {}, { selector: other, template: otherTemplate }),
    make('a selector of nothing', { selector: {} }),
    make('no selector', { selector: undefined }),
    make('a selector of others', { selector: other }),
    make('no template', { template: undefined }),
    make('pods that end', {
      template: { ...template, spec: { containers: [container], restartPolicy: 'Never' } },
    }),
    make('fewer than none', { replicas: -1 }),
    make('another image', {}, { template: { spec: { containers: [{ ...container, image: 'c' }] } } }),
    make('a time that is none', { minReadySeconds: -1 }),
  ]),
  deployment('recreated', { strategy: { type: 'Recreate' } }),
  deployment('recreated with a roll', { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
  deployment('rolled by hand', { strategy: { rollingUpdate: { maxSurge: 1 } } }),
  deployment('rolled by nothing', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
  deployment('rolled by what is none', {
    strategy: { rollingUpdate: { maxSurge: 'x', maxUnavailable: '200%' } },
  }),
  deployment('a strategy that is none', { strategy: { type: 'Magic' } }),
  deployment('a deadline before it is ready', { minReadySeconds: 10, progressDeadlineSeconds: 5 }),
  deployment('history that is none', { revisionHistoryLimit: -1 }),
  statefulSet('a service that changes', {}, { serviceName: 't' }),
  statefulSet('all at once', { podManagementPolicy: 'Parallel' }, { podManagementPolicy: 'OrderedReady' }),
  statefulSet('scaled', {}, { replicas: 3, revisionHistoryLimit: 2, minReadySeconds: 1 }),
  statefulSet('no service', { serviceName: undefined }),
  statefulSet('updated by hand', { updateStrategy: { type: 'OnDelete' } }),
  statefulSet('with claims', {
    volumeClaimTemplates: [
      {
        metadata: { name: 'd' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ],
  }),
  daemonSet('updated by hand', { updateStrategy: { type: 'OnDelete' } }),
  daemonSet('rolled by nothing', { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } }),
  withStatus(deployment('a status', {}), { replicas: 1, readyReplicas: 2 }),
  withStatus(deployment('ready', {}), {
    replicas: 1,
    readyReplicas: 1,
    updatedReplicas: 1,
    availableReplicas: 1,
  }),
];

const job = casesOf('batch/v1', 'Job');
const cronJob = casesOf('batch/v1', 'CronJob');
const jobTemplate = { spec: { containers: [container], restartPolicy: 'Never' } };
const run = (name: string, fields: object, ...specs: object[]): Case =>
  job(name, { spec: { template: jobTemplate, ...fields } }, ...specs.map((spec) => ({ spec })));
const cron = (name: string, fields: object, ...specs: object[]): Case =>
  cronJob(
    name,
    { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: jobTemplate } }, ...fields } },
    ...specs.map((spec) => ({ spec })),
  );

export const jobCases: readonly Case[] = [
  run('a job', {}),
  run('a job with many', { completions: 3, parallelism: 2 }),
  run('a queue', { parallelism: 2 }),
  run('an indexed job', { completions: 3, completionMode: 'Indexed' }),
  run('an indexed job without count', { completionMode: 'Indexed', parallelism: 2 }),
  run('a job that is none', {
    completions: -1,
    parallelism: -1,
    backoffLimit: -1,
    activeDeadlineSeconds: -1,
    ttlSecondsAfterFinished: -1,
  }),
  run('a job that restarts for ever', { template: { spec: { containers: [container] } } }),
  run('a job with its own selector', { selector }),
  run('a job with its own selector by hand', {
    manualSelector: true,
    selector,
    template: { ...jobTemplate, metadata: { labels } },
  }),
  run('a job with another image', {}, { template: { spec: { containers: [{ ...container, image: 'c' }] } } }),
  run('a job with another count', { completions: 3 }, { completions: 4 }),
  run('a job with another parallelism', {}, { parallelism: 4, backoffLimit: 1, suspend: true }),
  run('a job with another mode', { completions: 3 }, { completionMode: 'Indexed' }),
  cron('a cron job', {}),
  cron('a cron job of a zone', { timeZone: 'Europe/Berlin' }),
  cron('a cron job of no zone', { timeZone: 'Nowhere/Never' }),
  cron('a cron job without schedule', { schedule: '' }),
  cron('a cron job with a schedule that is none', { schedule: 'often' }),
  cron('a cron job by name', { schedule: '@hourly', suspend: true }),
  cron('a cron job that is none', {
    concurrencyPolicy: 'Near',
    startingDeadlineSeconds: -1,
    successfulJobsHistoryLimit: -1,
    failedJobsHistoryLimit: -1,
  }),
  cron('a cron job that restarts for ever', { jobTemplate: { spec: { template } } }),
];
