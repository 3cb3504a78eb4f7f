import { namespaceNameLabel } from '../../api/selector.ts';
import { keyOf } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Cluster } from '../cluster.ts';
import { gatewayRoutes } from './gateway-routes.ts';
import { defaultIngressClass, ingressRoutes } from './ingress-routes.ts';
import { isRouteKind, type BackendRoute } from './route.ts';

/** Whether an object describes how requests from outside are passed on: Ingress and its classes, or Gateway API. */
export function isOfGateways({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): boolean {
  if (apiVersion === 'networking.k8s.io/v1') return kind === 'Ingress' || kind === 'IngressClass';
  return apiVersion.startsWith('gateway.networking.k8s.io/');
}

/** Every rule that passes requests from outside on to a Service, object by object. */
export function backendRoutesOf({ gateways = [], namespaces }: Cluster): BackendRoute[] {
  const ofKind = (kind: string): KubernetesObject[] => gateways.filter((one) => one.kind === kind);
  const defaultClass = defaultIngressClass(ofKind('IngressClass'));
  const around = {
    gateways: new Map(ofKind('Gateway').map((one) => [keyOf(one), one])),
    grants: ofKind('ReferenceGrant'),
    labelsOf: (name: string) => ({
      [namespaceNameLabel]: name,
      ...namespaces.get(name)?.metadata.labels,
    }),
  };
  return gateways.flatMap((object) => {
    if (object.kind === 'Ingress') return ingressRoutes(object, defaultClass);
    return isRouteKind(object.kind) ? gatewayRoutes(object, around) : [];
  });
}
