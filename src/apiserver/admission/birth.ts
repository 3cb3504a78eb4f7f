import { resources, type Resource } from '../../api/resources.ts';
import { arrayAt, isObject, sameJson, textAt, valueAt, type StoredObject } from '../json.ts';

/** What a new object gets from the server beside defaults: fields that follow from what it is (upstream's strategies). */
export function born(resource: Resource, object: StoredObject): StoredObject {
  if (resource === resources.pods) return withPodStatus(object);
  return resource === resources.jobs ? withSelector(object) : object;
}

/**
 * How sure a pod may be of what it asks for (KEP of pod quality of service), and that it waits for its gates where
 * it has some.
 */
function withPodStatus(pod: StoredObject): StoredObject {
  const status = isObject(pod['status']) ? pod['status'] : {};
  const isGated = arrayAt(pod, ['spec', 'schedulingGates']).length > 0;
  const gated = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
    lastTransitionTime: pod.metadata.creationTimestamp,
  };
  return { ...pod, status: { ...status, qosClass: qualityOf(pod), ...(isGated && { conditions: [gated] }) } };
}

const counted = ['cpu', 'memory'];

function qualityOf(pod: StoredObject): 'BestEffort' | 'Burstable' | 'Guaranteed' {
  const containers = ['containers', 'initContainers'].flatMap((field) => arrayAt(pod, ['spec', field]));
  const asks = (field: string): unknown[] =>
    containers.flatMap((one) => counted.map((name) => valueAt(one, ['resources', field, name])));
  const [requests, limits] = [asks('requests'), asks('limits')];
  if ([...requests, ...limits].every((one) => one === undefined)) return 'BestEffort';
  const isSure = limits.every((limit, i) => limit !== undefined && sameJson(limit, requests[i]));
  return isSure ? 'Guaranteed' : 'Burstable';
}

/** A Job's pods are its own by its uid, unless it says by hand which they are (batch strategy `generateSelector`). */
function withSelector(job: StoredObject): StoredObject {
  const { spec, metadata } = job;
  if (!isObject(spec) || !isObject(spec['template'])) return job;
  const template = spec['template'];
  const own = valueAt(template, ['metadata', 'labels']);
  const { name, uid = '' } = metadata;
  const added = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  const isByHand = spec['manualSelector'] === true;
  const labels = { ...(isObject(own) ? own : {}), ...(!isByHand && added) };
  const hasOwnLabels = Object.keys(metadata.labels ?? {}).length > 0;
  const texts = Object.fromEntries(Object.keys(labels).map((key) => [key, textAt(labels, [key])]));
  const labelled = hasOwnLabels ? metadata : { ...metadata, labels: texts };
  if (isByHand) return { ...job, metadata: labelled };
  const selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  const described = isObject(template['metadata']) ? template['metadata'] : {};
  return {
    ...job,
    metadata: labelled,
    spec: { ...spec, selector, template: { ...template, metadata: { ...described, labels } } },
  };
}
