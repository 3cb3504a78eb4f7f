import { resources, type Resource } from '../api/resources.ts';
import { newerEvents } from '../api/served.ts';
import { matchesSelector, parseFieldSelector, parseLabelSelector } from '../api/selector.ts';
import { messageOf } from '../lib/errors.ts';
import { customKindOf } from './catalog/custom-kind.ts';
import { textAt, valueAt, type StoredObject } from './json.ts';
import { badRequest } from './status.ts';
import type { Target } from './routes.ts';

/** Whether an object is among those that a list or watch asks for. */
export type Selects = (object: StoredObject) => boolean;

/** Fields besides name and namespace that can be selected by, as upstream's registries have them. */
const selectableFields = new Map<Resource, readonly string[]>([
  [
    resources.pods,
    [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.podIPs',
      'status.nominatedNodeName',
    ],
  ],
  [
    resources.events,
    [
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
      'reason',
      'reportingComponent',
      'source',
      'type',
    ],
  ],
  [
    newerEvents,
    [
      'regarding.kind',
      'regarding.namespace',
      'regarding.name',
      'regarding.uid',
      'regarding.apiVersion',
      'regarding.resourceVersion',
      'regarding.fieldPath',
      'reason',
      'reportingController',
      'type',
    ],
  ],
  [resources.namespaces, ['status.phase']],
  [resources.nodes, ['spec.unschedulable']],
  [resources.secrets, ['type']],
  [resources.services, ['spec.clusterIP', 'spec.type']],
  [resources.replicasets, ['status.replicas']],
  [resources.jobs, ['status.successful']],
]);

/**
 * What `labelSelector` and `fieldSelector` of the query, and a name in the path, select. Undefined when
 * everything; throws 400 for selectors that do not parse and fields that cannot be selected by.
 */
export function selectionOf(target: Target, query: URLSearchParams): Selects | undefined {
  const tests: Selects[] = [];
  const { name } = target;
  if (name !== undefined) tests.push((object) => object.metadata.name === name);
  const labels = query.get('labelSelector');
  if (labels !== null && labels !== '') {
    const selector = parsed(() => parseLabelSelector(labels));
    tests.push((object) => matchesSelector(selector, object.metadata.labels));
  }
  const fields = query.get('fieldSelector');
  if (fields !== null && fields !== '') tests.push(...fieldTests(target.resource, fields));
  if (tests.length === 0) return undefined;
  return (object) => tests.every((test) => test(object));
}

function fieldTests(resource: Resource, text: string): Selects[] {
  return parsed(() => parseFieldSelector(text)).map(({ path, equal, value }) => {
    if (!isSelectable(resource, path)) throw badRequest(`field label not supported: ${path}`);
    return (object) => (fieldText(object, path) === value) === equal;
  });
}

function isSelectable(resource: Resource, path: string): boolean {
  if (path === 'metadata.name' || path === 'metadata.namespace') return true;
  const custom = customKindOf(resource);
  if (custom !== undefined) return custom.selectableFields.includes(path);
  // Only stored, and so not in the table of resources.
  if (resource.kind === 'ReplicationController') return path === 'status.replicas';
  return selectableFields.get(resource)?.includes(path) ?? false;
}

/** Fields that are called otherwise in the object than in a selector. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  source: ['source', 'component'],
  'status.successful': ['status', 'succeeded'],
};

/** What an absent field counts as, where that is not the empty text. */
const absent: Readonly<Record<string, string>> = {
  'spec.unschedulable': 'false',
  'spec.hostNetwork': 'false',
  'status.replicas': '0',
  'status.successful': '0',
};

/** The field as text; of pod addresses, the texts separated by commas. */
function fieldText(object: StoredObject, path: string): string {
  const value = valueAt(object, elsewhere[path] ?? path.split('.'));
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map((item) => textAt(item, ['ip'])).join(',');
  return absent[path] ?? '';
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    throw badRequest(messageOf(thrown));
  }
}
