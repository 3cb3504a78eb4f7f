import type { Resource } from '../../api/resources.ts';
import { servedResources } from '../../api/served.ts';

/** Version of the Kubernetes API that is served, as clients compare it with their own. */
export const servedVersion = { major: '1', minor: '33' } as const;

/** GET /version (version.Info). */
export function versionDocument(): object {
  return {
    ...servedVersion,
    gitVersion: `v${servedVersion.major}.${servedVersion.minor}.0+weft`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: 'node',
    platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}

/** GET /api (meta/v1 APIVersions). */
export function versionsDocument(): object {
  return { kind: 'APIVersions', apiVersion: 'v1', versions: ['v1'], serverAddressByClientCIDRs: [] };
}

/** GET /apis (meta/v1 APIGroupList). */
export function groupsDocument(): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames().map(groupOf) };
}

/** GET /apis/GROUP (meta/v1 APIGroup). */
export function groupDocument(group: string): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) };
}

/** GET /api/v1 and /apis/GROUP/VERSION (meta/v1 APIResourceList). */
export function resourcesDocument(group: string, version: string): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: resourcesOf(group, version).flatMap((it) => [resourceEntry(it), ...subresourceEntries(it)]),
  };
}

/** All groups with their resources in one document (KEP-3352), of the core group or of the named ones. */
export function aggregatedDocument(core: boolean): object {
  const names = core ? [''] : groupNames();
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: names.map((group) => ({
      metadata: { ...(group !== '' && { name: group }), creationTimestamp: null },
      versions: versionsOf(group).map((version) => ({
        version,
        freshness: 'Current',
        resources: resourcesOf(group, version).map(aggregatedEntry),
      })),
    })),
  };
}

/** Names of the groups besides the core group. */
function groupNames(): string[] {
  return [...new Set(servedResources.map((it) => it.group))].filter((group) => group !== '');
}

function versionsOf(group: string): string[] {
  return [...new Set(servedResources.filter((it) => it.group === group).map((it) => it.version))];
}

function resourcesOf(group: string, version: string): Resource[] {
  return servedResources.filter((it) => it.group === group && it.version === version);
}

function groupOf(name: string): object {
  const versions = versionsOf(name).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] };
}

const objectVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** What `kubectl get all` shows. */
const inCategoryAll = new Set([
  'pods',
  'services',
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'jobs',
]);

function resourceEntry(resource: Resource): object {
  return {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: objectVerbs,
    ...namesOf(resource),
  };
}

function namesOf(resource: Resource): object {
  return {
    ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
    ...(inCategoryAll.has(resource.plural) && { categories: ['all'] }),
  };
}

function subresourceEntries(resource: Resource): object[] {
  return resource.subresources.map((name) => ({
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...subresourceKind(resource, name),
    verbs: subresourceVerbs(name),
  }));
}

function subresourceKind(
  resource: Resource,
  name: string,
): { group?: string; version?: string; kind: string } {
  if (name === 'scale') return { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  if (name === 'eviction') return { group: 'policy', version: 'v1', kind: 'Eviction' };
  return { kind: name === 'binding' ? 'Binding' : resource.kind };
}

function subresourceVerbs(name: string): string[] {
  return name === 'binding' || name === 'eviction' ? ['create'] : ['get', 'patch', 'update'];
}

function aggregatedEntry(resource: Resource): object {
  const { group, version } = resource;
  return {
    resource: resource.plural,
    responseKind: { group, version, kind: resource.kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: objectVerbs,
    ...namesOf(resource),
    subresources: resource.subresources.map((name) => ({
      subresource: name,
      responseKind: { group, version, ...subresourceKind(resource, name) },
      verbs: subresourceVerbs(name),
    })),
  };
}
