import type { Protocol } from '../../api/types/meta.ts';

/** Who takes requests from outside and passes them on: an IngressClass by its name, or a Gateway by `namespace/name`. */
export interface Front {
  readonly kind: 'IngressClass' | 'Gateway';
  /** Empty for the class of an Ingress that says none where none is the default. */
  readonly key: string;
}

/** One rule of an Ingress, or of a route of Gateway API, that passes requests on to a port of a Service. */
export interface BackendRoute {
  /** The object that says so, by kind and `namespace/name`. */
  readonly object: { readonly kind: RouteKind; readonly key: string };
  /** Where in it: `spec.rules[0].http.paths[0].backend`. */
  readonly path: string;
  /** What is asked for, as people write it: `shop.example.com/cart`; `*` for everything. */
  readonly asked: string;
  readonly front: Front;
  /** `namespace/name` */
  readonly service: string;
  /** Number or name of the Service's port. */
  readonly port: number | string;
  readonly protocol: Protocol;
  /** Why nobody follows it, where the objects themselves say so. */
  readonly refusal?: string;
}

export type RouteKind = 'Ingress' | GatewayRouteKind;

/** Kinds of Gateway API that lead to Services, and what they carry. */
export const gatewayRouteKinds = {
  HTTPRoute: 'TCP',
  GRPCRoute: 'TCP',
  TLSRoute: 'TCP',
  TCPRoute: 'TCP',
  UDPRoute: 'UDP',
} as const satisfies Readonly<Record<string, Protocol>>;

export type GatewayRouteKind = keyof typeof gatewayRouteKinds;

export function isRouteKind(kind: string): kind is RouteKind {
  return kind === 'Ingress' || Object.hasOwn(gatewayRouteKinds, kind);
}

/** `shop.example.com/cart` of hosts and a path; `*` where both are empty. */
export function askedAs(hosts: readonly string[], path: string | undefined): string {
  const host = hosts.join(',');
  return host === '' && path === undefined ? '*' : `${host === '' ? '*' : host}${path ?? ''}`;
}
