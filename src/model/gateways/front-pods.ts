import { keyOf } from '../../api/resources.ts';
import { matchesSelector, parseLabelSelector } from '../../api/selector.ts';
import type { KubernetesObject, LabelSelector } from '../../api/types/meta.ts';
import type { Cluster } from '../cluster.ts';
import { fieldsOf, textOf } from './fields.ts';
import type { Front } from './route.ts';

/** On an IngressClass or a Gateway: whose pods pass its requests on, as `NAMESPACE/SELECTOR`. */
export const servedByAnnotation = 'weft.dev/served-by';

/** What implementations of Gateway API put on the pods that they make for a Gateway (GEP-1762). */
const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';

/**
 * Labels that the charts of Ingress controllers put on the pods that pass requests on, by what the controller is called
 * in `IngressClass.spec.controller`.
 */
const controllerLabels: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'k8s.io/ingress-nginx': {
    'app.kubernetes.io/name': 'ingress-nginx',
    'app.kubernetes.io/component': 'controller',
  },
  'nginx.org/ingress-controller': { 'app.kubernetes.io/name': 'nginx-ingress' },
  'traefik.io/ingress-controller': { 'app.kubernetes.io/name': 'traefik' },
  'haproxy.org/ingress-controller': { 'app.kubernetes.io/name': 'kubernetes-ingress' },
  'haproxy-ingress.github.io/controller': { 'app.kubernetes.io/name': 'haproxy-ingress' },
};

/** The controller of a class that nobody described, by the name that its chart gives the class. */
const usualControllers: Readonly<Record<string, string>> = {
  nginx: 'k8s.io/ingress-nginx',
  traefik: 'traefik.io/ingress-controller',
  haproxy: 'haproxy.org/ingress-controller',
};

/** Keys of the pods that pass requests on for a front, sorted; none where they are not among the objects. */
export function frontPods(
  { gateways = [], pods }: Pick<Cluster, 'gateways' | 'pods'>,
  front: Front,
): string[] {
  const object = gateways.find((one) => one.kind === front.kind && nameOf(one) === front.key);
  const wanted = whoServes(front, object);
  if (wanted === undefined) return [];
  const { namespace, selector } = wanted;
  return [...pods]
    .filter(([, { metadata }]) => namespace === undefined || metadata.namespace === namespace)
    .filter(([, { metadata }]) => matchesSelector(selector, metadata.labels))
    .map(([key]) => key)
    .sort();
}

/** Classes have no namespace, whatever somebody wrote. */
const nameOf = (object: KubernetesObject): string =>
  object.kind === 'IngressClass' ? object.metadata.name : keyOf(object);

interface Wanted {
  /** Undefined for any. */
  readonly namespace?: string;
  readonly selector: LabelSelector;
}

function whoServes({ kind, key }: Front, object: KubernetesObject | undefined): Wanted | undefined {
  const said = object?.metadata.annotations?.[servedByAnnotation];
  if (said !== undefined) return servedBy(said);
  if (kind === 'Gateway') {
    const [namespace = '', name = ''] = key.split('/');
    return { namespace, selector: { matchLabels: { [gatewayNameLabel]: name } } };
  }
  const controller =
    textOf(fieldsOf(fieldsOf(object)['spec'])['controller']) ??
    (Object.hasOwn(usualControllers, key) ? usualControllers[key] : undefined);
  if (controller === undefined || !Object.hasOwn(controllerLabels, controller)) return undefined;
  return { selector: { matchLabels: controllerLabels[controller] ?? {} } };
}

/** What the annotation says; nobody where it is not to be understood. */
function servedBy(text: string): Wanted | undefined {
  const slash = text.indexOf('/');
  if (slash < 1) return undefined;
  try {
    return { namespace: text.slice(0, slash), selector: parseLabelSelector(text.slice(slash + 1)) };
  } catch {
    return undefined;
  }
}
