import type { Resource } from '../../api/resources.ts';
import type { Catalog } from '../catalog/port.ts';
import { customKindOf } from '../catalog/custom-kind.ts';
import { compareVersions } from '../catalog/version-order.ts';

/** Version of the Kubernetes API that is served, as clients compare it with their own: its rules are those of 1.36. */
export const servedVersion = { major: '1', minor: '36' } as const;

/** GET /version (version.Info). */
export function versionDocument(): object {
  return {
    ...servedVersion,
    emulationMajor: servedVersion.major,
    emulationMinor: servedVersion.minor,
    minCompatibilityMajor: servedVersion.major,
    minCompatibilityMinor: String(Number(servedVersion.minor) - 1),
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
export function groupsDocument(catalog: Catalog): object {
  const groups = groupNames(catalog).map((name) => groupOf(catalog, name));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

/** GET /apis/GROUP (meta/v1 APIGroup). */
export function groupDocument(catalog: Catalog, group: string): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(catalog, group) };
}

/** GET /api/v1 and /apis/GROUP/VERSION (meta/v1 APIResourceList). */
export function resourcesDocument(
  catalog: Catalog,
  { group, version }: { group: string; version: string },
): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: resourcesOf(catalog, group, version).flatMap((it) => [
      resourceEntry(it),
      ...subresourceEntries(it),
    ]),
  };
}

/** All groups with their resources in one document (KEP-3352), of the core group or of the named ones. */
export function aggregatedDocument(catalog: Catalog, core: boolean): object {
  const names = core ? [''] : groupNames(catalog);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: names.map((group) => ({
      metadata: { ...(group !== '' && { name: group }), creationTimestamp: null },
      versions: versionsOf(catalog, group).map((version) => ({
        version,
        freshness: 'Current',
        resources: resourcesOf(catalog, group, version).map(aggregatedEntry),
      })),
    })),
  };
}

/** Names of the groups besides the core group. */
function groupNames(catalog: Catalog): string[] {
  return [...new Set(catalog.resources.map((it) => it.group))].filter((group) => group !== '');
}

function versionsOf({ resources }: Catalog, group: string): string[] {
  return [...new Set(resources.filter((it) => it.group === group).map((it) => it.version))].sort(
    compareVersions,
  );
}

function resourcesOf({ resources }: Catalog, group: string, version: string): Resource[] {
  return resources.filter((it) => it.group === group && it.version === version);
}

function groupOf(catalog: Catalog, name: string): object {
  const versions = versionsOf(catalog, name).map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
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
  const categories =
    customKindOf(resource)?.categories ?? (inCategoryAll.has(resource.plural) ? ['all'] : []);
  return {
    ...(resource.shortNames.length > 0 && { shortNames: resource.shortNames }),
    ...(categories.length > 0 && { categories }),
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
  if (name === 'token') return { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
  if (name === 'eviction') return { group: 'policy', version: 'v1', kind: 'Eviction' };
  return { kind: optionsKinds.get(name)?.replace('*', resource.kind) ?? resource.kind };
}

/** What subresources take that are no part of their object; `*` is the object's own kind. */
const optionsKinds: ReadonlyMap<string, string> = new Map([
  ['binding', 'Binding'],
  ['exec', 'PodExecOptions'],
  ['attach', 'PodAttachOptions'],
  ['portforward', 'PodPortForwardOptions'],
  ['proxy', '*ProxyOptions'],
]);

const subresourceVerbsOf: Readonly<Record<string, readonly string[]>> = {
  binding: ['create'],
  eviction: ['create'],
  token: ['create'],
  log: ['get'],
  exec: ['create', 'get'],
  attach: ['create', 'get'],
  portforward: ['create', 'get'],
  proxy: ['create', 'delete', 'get', 'patch', 'update'],
};

function subresourceVerbs(name: string): readonly string[] {
  return subresourceVerbsOf[name] ?? ['get', 'patch', 'update'];
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
