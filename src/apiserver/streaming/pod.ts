import { WeftError } from '../../lib/errors.ts';
import { arrayAt, numberAt, textAt, valueAt, type StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest, StatusError } from '../status.ts';
import { entryAt } from '../verbs/read.ts';
import type { PodPlace, PodStreams } from './port.ts';

/** The way into pods. Throws 501 where nobody offers one. */
export function streamsOf(api: Api): PodStreams {
  if (api.streams !== undefined) return api.streams;
  throw new StatusError(501, 'NotImplemented', 'nothing here runs pods, so there is no way into one');
}

/** A pod that a path names, where it runs, and the container that the request means. Throws 404 and 400. */
export function podOf(
  api: Api,
  target: Target,
  asked?: string | null,
): { place: PodPlace; container: unknown } {
  const { object } = entryAt(api, target);
  const container = containerOf(object, asked ?? '');
  return { place: placeOf(object), container };
}

/** Where a pod runs. Throws 400 where it does not. */
export function placeOf(pod: StoredObject): PodPlace {
  const node = textAt(pod, ['spec', 'nodeName']);
  const { name, uid = '' } = pod.metadata;
  if (node === '') throw badRequest(`pod ${name} does not have a host assigned`);
  return { uid, name, node, hostNetwork: valueAt(pod, ['spec', 'hostNetwork']) === true };
}

/** The one that is named, or that the pod's annotation names, or the first. */
function containerOf(pod: StoredObject, asked: string): unknown {
  const containers = arrayAt(pod, ['spec', 'containers']);
  const wanted = asked || pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'] || '';
  if (wanted === '') return containers[0];
  const found = containers.find((container) => textAt(container, ['name']) === wanted);
  if (found !== undefined || asked === '') return found ?? containers[0];
  throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
}

/** Numbers of the ports that a container declares. */
export function portsOf(container: unknown): number[] {
  return arrayAt(container, ['ports']).map((port) => numberAt(port, ['containerPort']));
}

/** Waits for a stream. What is missing there is told as a Status that clients print. */
export async function opened<T>(stream: Promise<T>): Promise<T> {
  try {
    return await stream;
  } catch (thrown) {
    if (!(thrown instanceof WeftError) || thrown instanceof StatusError) throw thrown;
    if (thrown.code === 'netns-missing') throw badRequest('the pod is not running (yet)');
    throw new StatusError(503, 'ServiceUnavailable', thrown.message, {});
  }
}
