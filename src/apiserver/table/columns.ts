import { resources, type Resource } from '../../api/resources.ts';
import { customKindOf } from '../catalog/custom-kind.ts';
import { arrayAt, isObject, textAt, valueAt, type StoredObject } from '../json.ts';
import { ageColumn, ageOf, nameColumn, textColumn, wide, type Column } from './column.ts';
import {
  clusterNetworkColumns,
  endpointsColumns,
  endpointSliceColumns,
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

/** The columns that `kubectl get` shows of a resource; name and age where nothing else is known. */
export function columnsOf(resource: Resource): readonly Column[] {
  return customKindOf(resource)?.columns ?? byResource.get(resource) ?? [nameColumn, ageColumn];
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
  wide(textColumn('Kernel-Version', ['status', 'nodeInfo', 'kernelVersion'], '<unknown>')),
  wide(textColumn('Container-Runtime', ['status', 'nodeInfo', 'containerRuntimeVersion'], '<unknown>')),
];

function nodeStatus(node: StoredObject): string {
  const ready = arrayAt(node, ['status', 'conditions']).find((it) => textAt(it, ['type']) === 'Ready');
  const status =
    ready === undefined ? 'Unknown' : textAt(ready, ['status']) === 'True' ? 'Ready' : 'NotReady';
  return valueAt(node, ['spec', 'unschedulable']) === true ? `${status},SchedulingDisabled` : status;
}

const rolePrefix = 'node-role.kubernetes.io/';

function nodeRoles(node: StoredObject): string {
  const labels = Object.keys(node.metadata.labels ?? {});
  const roles = labels
    .filter((label) => label.startsWith(rolePrefix))
    .map((label) => label.slice(rolePrefix.length));
  return roles.sort().join(',') || '<none>';
}

function nodeAddress(node: StoredObject, type: string): string {
  const found = arrayAt(node, ['status', 'addresses']).find((it) => textAt(it, ['type']) === type);
  return textAt(found, ['address']) || '<none>';
}

const eventColumns: readonly Column[] = [
  { name: 'Last Seen', cell: (event, now) => ageOf(eventTime(event), now) },
  textColumn('Type', ['type']),
  textColumn('Reason', ['reason']),
  { name: 'Object', cell: eventObject },
  wide(textColumn('Source', ['source', 'component'], '')),
  { name: 'Message', cell: (event) => textAt(event, ['message']).trim() },
  wide({ name: 'Count', type: 'integer', cell: (event) => Number(valueAt(event, ['count']) ?? 1) }),
  wide(nameColumn),
];

function eventTime(event: StoredObject): string {
  return (
    textAt(event, ['lastTimestamp']) || textAt(event, ['eventTime']) || textAt(event, ['firstTimestamp'])
  );
}

function eventObject(event: StoredObject): string {
  const of = ['involvedObject'];
  return `${textAt(event, [...of, 'kind']).toLowerCase()}/${textAt(event, [...of, 'name'])}`;
}

/** Number of entries of maps at these fields. */
function dataColumn(...fields: string[]): Column {
  const size = (value: unknown): number => (isObject(value) ? Object.keys(value).length : 0);
  return {
    name: 'Data',
    type: 'integer',
    cell: (object) => fields.reduce((sum, field) => sum + size(object[field]), 0),
  };
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
  [resources.namespaces, [nameColumn, textColumn('Status', ['status', 'phase']), ageColumn]],
  [resources.configmaps, [nameColumn, dataColumn('data', 'binaryData'), ageColumn]],
  [resources.secrets, [nameColumn, textColumn('Type', ['type'], 'Opaque'), dataColumn('data'), ageColumn]],
  [resources.serviceaccounts, [nameColumn, secretsColumn(), ageColumn]],
]);

function secretsColumn(): Column {
  return { name: 'Secrets', type: 'integer', cell: (account) => arrayAt(account, ['secrets']).length };
}
