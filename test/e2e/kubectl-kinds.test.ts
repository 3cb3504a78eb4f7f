import assert from 'node:assert/strict';
import test from 'node:test';
import { servedResources } from '../../src/api/served.ts';
import { startControllers } from '../support/controllers.ts';
import { kubectlIsRecent, kubectlOn, kubectlProblem, type Kubectl } from '../support/kubectl.ts';

const skip = kubectlProblem();

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'nginx' }] },
};
const selector = { matchLabels: { app: 'web' } };
const once = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };
const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }];
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'sample' };

/** What an object of each kind needs besides its name, by group where that matters; the others need nothing. */
const needed: Readonly<Record<string, object>> = {
  Pod: { spec: template.spec },
  Service: { spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } },
  Endpoints: { subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80 }] }] },
  Event: {
    involvedObject: { kind: 'Pod', name: 'sample', namespace: 'default' },
    reason: 'Said',
    message: 'm',
  },
  'events.k8s.io Event': {
    metadata: { name: 'newer' },
    regarding: { kind: 'Pod', name: 'sample', namespace: 'default' },
    reason: 'Said',
    note: 'm',
    action: 'Saying',
    reportingController: 'example.com/c',
    reportingInstance: 'c-1',
    eventTime: '2026-01-01T00:00:00.000000Z',
    type: 'Normal',
  },
  Deployment: { spec: { replicas: 1, selector, template } },
  ReplicaSet: { spec: { replicas: 1, selector, template } },
  StatefulSet: { spec: { replicas: 1, selector, template, serviceName: 'sample' } },
  DaemonSet: { spec: { selector, template } },
  Job: { spec: { template: once } },
  CronJob: { spec: { schedule: '@daily', jobTemplate: { spec: { template: once } } } },
  ReplicationController: { spec: { replicas: 0, selector: { app: 'web' }, template } },
  NetworkPolicy: { spec: { podSelector: selector, ingress: [{}] } },
  ServiceCIDR: { spec: { cidrs: ['10.200.0.0/24'] } },
  IPAddress: {
    metadata: { name: '10.200.0.7' },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 'sample' } },
  },
  EndpointSlice: { addressType: 'IPv4', endpoints: [{ addresses: ['192.0.2.1'] }], ports: [{ port: 80 }] },
  Ingress: {
    spec: { defaultBackend: { service: { name: 'sample', port: { number: 80 } } } },
  },
  IngressClass: { spec: { controller: 'example.com/ingress' } },
  PodDisruptionBudget: { spec: { minAvailable: 1, selector } },
  HorizontalPodAutoscaler: {
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'sample' }, maxReplicas: 3 },
  },
  PersistentVolumeClaim: {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  PersistentVolume: {
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/tmp' } },
  },
  StorageClass: { provisioner: 'example.com/disk' },
  Role: { rules },
  ClusterRole: { rules },
  RoleBinding: { subjects, roleRef },
  ClusterRoleBinding: { subjects, roleRef },
  PriorityClass: { value: 7, preemptionPolicy: 'PreemptLowerPriority' },
  LimitRange: { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } },
  ResourceQuota: { spec: { hard: { pods: '9' } } },
};

/**
 * Of ClusterNetworks there is one, of a fixed name, made with the cluster; what extends the API has tests of its own.
 */
const kinds = servedResources.filter(
  ({ kind, group }) =>
    kind !== 'ClusterNetwork' && !['apiextensions.k8s.io', 'admissionregistration.k8s.io'].includes(group),
);

const nameOf = (object: object): string => (object as { metadata: { name: string } }).metadata.name;

function sampleOf({ kind, group, version, namespaced }: (typeof kinds)[number]): object {
  const metadata = { name: 'sample', ...(namespaced && { namespace: 'default' }) };
  const own = needed[`${group} ${kind}`] ?? needed[kind] ?? {};
  return {
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    ...own,
    metadata: { ...metadata, ...('metadata' in own && (own.metadata as object)) },
  };
}

async function withSamples(kubectl: Kubectl): Promise<void> {
  const items = kinds.map(sampleOf);
  const { stderr } = await kubectl(
    'create',
    '-f',
    await kubectl.manifest('samples', { apiVersion: 'v1', kind: 'List', items }),
  );
  assert.equal(stderr.replaceAll(/^Warning: v1 (Endpoints|.*deprecated).*\n/gm, ''), '');
}

test('kubectl gets, describes, labels and deletes an object of every kind', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  await withSamples(kubectl);
  const each = async (check: (type: string, name: string, kind: string) => Promise<void>): Promise<void> => {
    for (let i = 0; i < kinds.length; i += 6) {
      await Promise.all(
        kinds
          .slice(i, i + 6)
          .map((resource) =>
            check(
              [resource.plural, resource.group].filter((part) => part !== '').join('.'),
              nameOf(sampleOf(resource)),
              resource.kind,
            ),
          ),
      );
    }
  };
  const hasDescriber = kubectlIsRecent();
  if (!hasDescriber) t.diagnostic('this kubectl describes IPAddresses and ServiceCIDRs of v1beta1 only');
  await each(async (type, name, kind) => {
    if (!hasDescriber && type.endsWith('networking.k8s.io') && /^(IPAddress|ServiceCIDR)$/.test(kind)) return;
    const described = (await kubectl('describe', type, name)).stdout;
    assert.match(described, kind === 'Event' ? /Reason: +Said/ : new RegExp(`^Name: +${name}$`, 'm'), type);
  });
  // All at once: one process for every kind takes its time.
  const types = kinds.map(({ plural, group }) => (group === '' ? plural : `${plural}.${group}`)).join();
  const wide = (await kubectl('get', types, '-A', '-o', 'wide')).stdout;
  const headings = wide.split('\n').filter((line) => /^(NAMESPACE|NAME|LAST SEEN) /.test(line));
  assert.equal(headings.length, kinds.length, wide);
  const json = (await kubectl('get', types, '-A', '-o', 'json')).stdout;
  const found = (JSON.parse(json) as { items: { kind: string; metadata: { name: string } }[] }).items;
  for (const resource of kinds) {
    const name = nameOf(sampleOf(resource));
    assert.ok(
      found.some((item) => item.kind === resource.kind && item.metadata.name === name),
      resource.kind,
    );
  }
  const samples = [
    '-f',
    await kubectl.manifest('all', { apiVersion: 'v1', kind: 'List', items: kinds.map(sampleOf) }),
  ];
  const labelled = (await kubectl('label', ...samples, 'seen=yes')).stdout;
  assert.equal(labelled.match(/ labeled$/gm)?.length, kinds.length, labelled);
  await kubectl('delete', '--wait=false', ...samples);
});

test('each kind of patch does what it says, on its own subresource too', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  await withSamples(kubectl);
  const containers = async (): Promise<string> =>
    (
      await kubectl(
        'get',
        'deployment/sample',
        '-o',
        'jsonpath={range .spec.template.spec.containers[*]}{.name}={.image} {end}{.spec.replicas}',
      )
    ).stdout;
  const patch = (type: string, body: unknown, ...flags: string[]): Promise<unknown> =>
    kubectl('patch', 'deployment/sample', `--type=${type}`, '-p', JSON.stringify(body), ...flags);
  const withContainers = (...list: object[]): object => ({
    spec: { template: { spec: { containers: list } } },
  });
  await patch('strategic', withContainers({ name: 'more', image: 'm' }));
  assert.equal(await containers(), 'more=m main=nginx 1');
  await patch('strategic', withContainers({ name: 'more', $patch: 'delete' }));
  assert.equal(await containers(), 'main=nginx 1');
  await patch('merge', withContainers({ name: 'only', image: 'o' }));
  assert.equal(await containers(), 'only=o 1');
  await patch('json', [
    { op: 'test', path: '/spec/template/spec/containers/0/name', value: 'only' },
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'j' },
  ]);
  assert.equal(await containers(), 'only=j 1');
  await patch('merge', { spec: { replicas: 4 } }, '--subresource=scale');
  assert.equal(await containers(), 'only=j 4');
  await patch('merge', { status: { replicas: 2 }, spec: { replicas: 9 } }, '--subresource=status');
  assert.equal(await containers(), 'only=j 4');
  await kubectl('scale', 'deployment/sample', '--replicas=2', '--current-replicas=4');
  const refused = await kubectl.attempt('scale', 'deployment/sample', '--replicas=3', '--current-replicas=4');
  assert.match(refused.stderr, /Expected replicas to be 4, was 2/);
  const failed = await kubectl.attempt(
    'patch',
    'deployment/sample',
    '--type=json',
    '-p',
    '[{"op":"remove","path":"/x"}]',
  );
  assert.equal(failed.code, 1);
});

test(
  'kubectl expose, autoscale, run, annotate, taint, cordon and replace work as they are',
  { skip },
  async (t) => {
    const kubectl = await kubectlOn(t);
    await startControllers(t, kubectl.server);
    await kubectl('create', 'deployment', 'web', '--image=a', '--replicas=2', '--port=80');
    await kubectl('expose', 'deployment', 'web', '--port=8080', '--target-port=80');
    assert.equal((await kubectl('get', 'svc', 'web', '-o', 'jsonpath={.spec.selector.app}')).stdout, 'web');
    if (kubectlIsRecent()) await kubectl('autoscale', 'deployment', 'web', '--max=5', '--cpu-percent=50');
    else t.diagnostic('this kubectl makes autoscalers of autoscaling/v1, which is not served');
    await kubectl('run', 'one', '--image=a', '--labels=app=one');
    await kubectl('annotate', 'pod', 'one', 'why=because');
    await kubectl(
      'create',
      '-f',
      await kubectl.manifest('node', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }),
    );
    await kubectl('taint', 'node', 'n', 'key=value:NoSchedule');
    await kubectl('cordon', 'n');
    assert.match((await kubectl('get', 'nodes')).stdout, /^n +Unknown,SchedulingDisabled /m);
    const map = (value: string): object => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'm' },
      data: { value },
    });
    await kubectl('create', '-f', await kubectl.manifest('m', map('one')));
    await kubectl('replace', '-f', await kubectl.manifest('m', map('two')));
    assert.equal((await kubectl('get', 'cm', 'm', '-o', 'jsonpath={.data.value}')).stdout, 'two');
    assert.match((await kubectl('get', 'all')).stdout, /deployment.apps\/web/);
    assert.match((await kubectl('cluster-info')).stdout, /is running at/);
  },
);
