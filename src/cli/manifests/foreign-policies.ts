import { keyOf } from '../../api/resources.ts';
import type { LoadedObject, LocatedProblem } from './objects.ts';

/** Kinds of policies that other networks bring along, by group: they decide about packets, and mean nothing here. */
const foreignKinds: Readonly<
  Record<string, readonly { readonly kind: string; readonly isClusterWide?: true }[]>
> = {
  'cilium.io': [
    { kind: 'CiliumNetworkPolicy' },
    { kind: 'CiliumClusterwideNetworkPolicy', isClusterWide: true },
  ],
  'projectcalico.org': [{ kind: 'NetworkPolicy' }, { kind: 'GlobalNetworkPolicy', isClusterWide: true }],
  'crd.projectcalico.org': [{ kind: 'NetworkPolicy' }, { kind: 'GlobalNetworkPolicy', isClusterWide: true }],
  'crd.antrea.io': [{ kind: 'NetworkPolicy' }, { kind: 'ClusterNetworkPolicy', isClusterWide: true }],
};

/** What is to be said about an object that is such a policy. */
export function foreignPolicyProblem({ object, source }: LoadedObject): LocatedProblem | undefined {
  const { apiVersion, kind, metadata } = object;
  const group = apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));
  const found = foreignKinds[group]?.find((one) => one.kind === kind);
  if (found === undefined) return undefined;
  const { namespace = 'default' } = metadata;
  return {
    ...source,
    what: `${kind} ${keyOf(object)}: policies of ${group} are not understood`,
    doubtIn: found.isClusterWide ? 'everywhere' : { namespace },
  };
}
