import { clusterPolicy } from '../../apiserver/access/policy.ts';
import type { PolicyRule } from '../../apiserver/access/port.ts';
import { nodeLeaseNamespace } from '../../api/lease.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';

/** Where the service accounts of a lab are: a namespace that every cluster has. */
export const accountsNamespace = 'kube-system';

/** A service account of a lab, with all that it may do. */
export interface LabAccount {
  /** Of the process, or `node-NAME`. */
  readonly role: string;
  /** Of the ServiceAccount. */
  readonly name: string;
  readonly rules: readonly PolicyRule[];
  /** Whose tokens it renews. */
  readonly renews: readonly string[];
  /** The node that it is, whose Lease it keeps. */
  readonly node?: string;
}

export interface AccountsOptions {
  readonly lab: string;
  readonly nodes: readonly string[];
  /** Whether the lab runs controllers. */
  readonly hasControllers: boolean;
}

/** Name of the account of one of a lab's processes or nodes. */
export function accountName(lab: string, role: string): string {
  return `weft-${lab}-${role}`;
}

export const nodeRole = (node: string): string => `node-${node}`;

/**
 * Who a lab is on a cluster: as on an API server of its own, each process somebody with the rules that it has there,
 * and each node somebody. What a node writes is its own status and what became of its pods.
 */
export function labAccounts({ lab, nodes, hasControllers }: AccountsOptions): LabAccount[] {
  const account = (
    role: string,
    rules: readonly PolicyRule[],
    renews: readonly string[] = [role],
  ): LabAccount => ({
    role,
    name: accountName(lab, role),
    rules,
    renews: renews.map((one) => accountName(lab, one)),
  });
  const controlled = hasControllers ? rulesOf('weft:controllers') : [];
  return [
    account('control', [...rulesOf('weft:fabric'), ...controlled]),
    account('agents', rulesOf('weft:agents'), ['agents', ...nodes.map(nodeRole)]),
    account('dns', rulesOf('weft:dns')),
    ...nodes.map((node) => ({ ...account(nodeRole(node), nodeRules(node), []), node })),
  ];
}

function rulesOf(name: string): readonly PolicyRule[] {
  const found = clusterPolicy.find((role) => role.name === name);
  if (found === undefined) throw new Error(`there is no role ${name}`);
  return found.rules;
}

/** RBAC knows no "pods of this node": `node-policy` says that. */
function nodeRules(node: string): PolicyRule[] {
  return [
    { apiGroups: [''], resources: ['nodes/status'], resourceNames: [node], verbs: ['patch'] },
    { apiGroups: [''], resources: ['pods/status'], verbs: ['patch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
  ];
}

const rbac = 'rbac.authorization.k8s.io';

/** What makes an account on a cluster, in the order of creation. */
export function accountObjects(lab: string, account: LabAccount): KubernetesObject[] {
  const { role, name, rules } = account;
  const roleName = `weft:${lab}:${role}`;
  const subjects = [{ kind: 'ServiceAccount', name, namespace: accountsNamespace }];
  const bound = (kind: 'Role' | 'ClusterRole', metadata: KubernetesObject['metadata']): object => ({
    metadata,
    roleRef: { apiGroup: rbac, kind, name: roleName },
    subjects,
  });
  const metadata = { name: roleName };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: accountsNamespace } },
    rbacObject('ClusterRole', { metadata, rules }),
    rbacObject('ClusterRoleBinding', bound('ClusterRole', metadata)),
    ...localRules(account).flatMap(([namespace, own]) => [
      rbacObject('Role', { metadata: { ...metadata, namespace }, rules: own }),
      rbacObject('RoleBinding', bound('Role', { ...metadata, namespace })),
    ]),
  ];
}

/** What it may in one namespace only. */
function localRules({ renews, node }: LabAccount): [namespace: string, rules: readonly PolicyRule[]][] {
  const tokens = {
    apiGroups: [''],
    resources: ['serviceaccounts/token'],
    resourceNames: renews,
    verbs: ['create'],
  };
  const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
  return [
    ...(renews.length === 0 ? [] : [[accountsNamespace, [tokens]] as [string, PolicyRule[]]]),
    ...(node === undefined
      ? []
      : [
          [
            nodeLeaseNamespace,
            [
              // Of what is made the name is not known beforehand.
              { ...leases, verbs: ['create'] },
              { ...leases, resourceNames: [node], verbs: ['patch'] },
            ],
          ] as [string, PolicyRule[]],
        ]),
  ];
}

function rbacObject(kind: string, rest: object): KubernetesObject {
  return { apiVersion: `${rbac}/v1`, kind, ...rest } as KubernetesObject;
}
