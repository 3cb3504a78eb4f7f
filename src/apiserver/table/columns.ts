import { resources, type Resource } from '../../api/resources.ts';
import { newerEvents } from '../../api/served.ts';
import { customKindOf } from '../catalog/custom-kind.ts';
import { arrayAt, isObject, textAt, valueAt, type StoredObject } from '../json.ts';
import { qualifiedName } from '../status.ts';
import { ageColumn, createdColumn, nameColumn, textColumn, wide, type Column } from './column.ts';
import { eventColumns, newerEventColumns } from './event-columns.ts';
import { keptColumns } from './kept-columns.ts';
import {
  clusterNetworkColumns,
  endpointsColumns,
  endpointSliceColumns,
  ipAddressColumns,
  networkPolicyColumns,
  serviceColumns,
} from './network-columns.ts';
import { podColumns } from './pod-columns.ts';
import {
  daemonSetColumns,
  deploymentColumns,
  jobColumns,
  replicaSetColumns,
  statefulSetColumns,
} from './workload-columns.ts';

/** The columns that `kubectl get` shows of a resource; name and time of birth where nothing else is known. */
export function columnsOf(resource: Resource): readonly Column[] {
  const known = customKindOf(resource)?.columns ?? byResource.get(resource);
  if (known !== undefined) return known;
  const name = qualifiedName(resource);
  const kept = Object.hasOwn(keptColumns, name) ? keptColumns[name] : undefined;
  return kept ?? [nameColumn, createdColumn];
}

const nodeColumns: readonly Column[] = [
  nameColumn,
  { name: 'Status', cell: nodeStatus },
  { name: 'Roles', cell: nodeRoles },
  ageColumn,
  textColumn('Version', ['status', 'nodeInfo', 'kubeletVersion'], ''),
  wide({ name: 'Internal-IP', cell: (node) => nodeAddress(node, 'InternalIP') }),
  wide({ name: 'External-IP', cell: (node) => nodeAddress(node, 'ExternalIP') }),
  wide(textColumn('OS-Image', ['status', 'nodeInfo', 'osImage'], '<unknown>')),
  wide({ name: 'Kernel-Version', cell: kernelText }),
  wide(textColumn('Container-Runtime', ['status', 'nodeInfo', 'containerRuntimeVersion'], '<unknown>')),
];

function nodeStatus(node: StoredObject): string {
  const ready = arrayAt(node, ['status', 'conditions']).find((it) => textAt(it, ['type']) === 'Ready');
  const status =
    ready === undefined ? 'Unknown' : textAt(ready, ['status']) === 'True' ? 'Ready' : 'NotReady';
  return valueAt(node, ['spec', 'unschedulable']) === true ? `${status},SchedulingDisabled` : status;
}

function kernelText(node: StoredObject): string {
  const architecture = textAt(node, ['status', 'nodeInfo', 'architecture']);
  const version = textAt(node, ['status', 'nodeInfo', 'kernelVersion']) || '<unknown>';
  return architecture === '' ? version : `${version} (${architecture})`;
}

const rolePrefix = 'node-role.kubernetes.io/';
const roleLabel = 'kubernetes.io/role';

function nodeRoles({ metadata: { labels = {} } }: StoredObject): string {
  const roles = Object.entries(labels).map(([label, value]) =>
    label === roleLabel ? value : label.startsWith(rolePrefix) ? label.slice(rolePrefix.length) : '',
  );
  const named = [...new Set(roles)].filter((role) => role !== '');
  return named.sort().join(',') || '<none>';
}

function nodeAddress(node: StoredObject, type: string): string {
  const found = arrayAt(node, ['status', 'addresses']).find((it) => textAt(it, ['type']) === type);
  return textAt(found, ['address']) || '<none>';
}

/** Number of entries of maps at these fields. */
function dataColumn(...fields: string[]): Column {
  const size = (value: unknown): number => (isObject(value) ? Object.keys(value).length : 0);
  return {
    name: 'Data',
    cell: (object) => fields.reduce((sum, field) => sum + size(object[field]), 0),
  };
}

const policyColumns: readonly Column[] = [
  nameColumn,
  { name: 'Validations', type: 'integer', cell: (policy) => arrayAt(policy, ['spec', 'validations']).length },
  { name: 'ParamKind', cell: paramKindOf },
  ageColumn,
];

function paramKindOf(policy: StoredObject): string {
  const at = ['spec', 'paramKind'];
  const kind = textAt(policy, [...at, 'kind']);
  return kind === '' ? '<unset>' : `${textAt(policy, [...at, 'apiVersion'])}/${kind}`;
}

const policyBindingColumns: readonly Column[] = [
  nameColumn,
  textColumn('PolicyName', ['spec', 'policyName']),
  { name: 'ParamRef', cell: paramRefOf },
  ageColumn,
];

function paramRefOf(binding: StoredObject): string {
  const at = ['spec', 'paramRef'];
  if (valueAt(binding, at) === undefined) return '<unset>';
  const name = textAt(binding, [...at, 'name']) || '*';
  const namespace = textAt(binding, [...at, 'namespace']);
  return namespace === '' ? name : `${namespace}/${name}`;
}

const byResource = new Map<Resource, readonly Column[]>([
  [resources.pods, podColumns],
  [resources.services, serviceColumns],
  [resources.endpoints, endpointsColumns],
  [resources.endpointslices, endpointSliceColumns],
  [resources.networkpolicies, networkPolicyColumns],
  [resources.clusternetworks, clusterNetworkColumns],
  [resources.deployments, deploymentColumns],
  [resources.replicasets, replicaSetColumns],
  [resources.statefulsets, statefulSetColumns],
  [resources.daemonsets, daemonSetColumns],
  [resources.jobs, jobColumns],
  [resources.nodes, nodeColumns],
  [resources.events, eventColumns],
  [resources.validatingadmissionpolicies, policyColumns],
  [resources.validatingadmissionpolicybindings, policyBindingColumns],
  [newerEvents, newerEventColumns],
  [resources.namespaces, [nameColumn, textColumn('Status', ['status', 'phase']), ageColumn]],
  [resources.configmaps, [nameColumn, dataColumn('data', 'binaryData'), ageColumn]],
  [resources.secrets, [nameColumn, textColumn('Type', ['type'], 'Opaque'), dataColumn('data'), ageColumn]],
  [resources.serviceaccounts, [nameColumn, ageColumn]],
  [resources.servicecidrs, [nameColumn, listColumn('CIDRs', ['spec', 'cidrs']), ageColumn]],
  [resources.ipaddresses, ipAddressColumns],
]);

function listColumn(name: string, path: readonly string[]): Column {
  return { name, cell: (object) => arrayAt(object, path).join(',') };
}
