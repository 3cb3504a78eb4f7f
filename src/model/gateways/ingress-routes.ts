import { keyOf } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { fieldsOf, itemsOf, portOf, textOf } from './fields.ts';
import { askedAs, type BackendRoute } from './route.ts';

/** The rules of an Ingress, and its default backend. Backends that are no Services are left out. */
export function ingressRoutes(ingress: KubernetesObject, defaultClass: string | undefined): BackendRoute[] {
  const spec = fieldsOf(fieldsOf(ingress)['spec']);
  const { annotations, namespace = 'default' } = ingress.metadata;
  const named = textOf(spec['ingressClassName']) ?? annotations?.['kubernetes.io/ingress.class'];
  const backends = [
    { backend: spec['defaultBackend'], path: 'spec.defaultBackend', asked: '*' },
    ...itemsOf(spec['rules'], 'spec.rules').flatMap(({ item, path }) =>
      itemsOf(fieldsOf(item['http'])['paths'], `${path}.http.paths`).map((one) => ({
        backend: one.item['backend'],
        path: `${one.path}.backend`,
        asked: askedAs([textOf(item['host']) ?? []].flat(), textOf(one.item['path'])),
      })),
    ),
  ];
  return backends.flatMap(({ backend, path, asked }) => {
    const service = fieldsOf(fieldsOf(backend)['service']);
    const name = textOf(service['name']);
    const port = fieldsOf(service['port']);
    const number = portOf(port['number']) ?? portOf(port['name']);
    if (name === undefined || number === undefined) return [];
    return [
      {
        object: { kind: 'Ingress', key: keyOf(ingress) },
        path,
        asked,
        front: { kind: 'IngressClass', key: named ?? defaultClass ?? '' },
        service: `${namespace}/${name}`,
        port: number,
        protocol: 'TCP',
      },
    ];
  });
}

/** The class of those Ingresses that say none (KEP-1453). */
export function defaultIngressClass(classes: readonly KubernetesObject[]): string | undefined {
  return classes.find(
    ({ metadata }) => metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true',
  )?.metadata.name;
}
