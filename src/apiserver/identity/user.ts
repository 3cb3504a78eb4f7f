/** Who asks (authentication.k8s.io/v1 UserInfo). */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** May do everything; no rule is asked. */
export const mastersGroup = 'system:masters';
/** Everybody who was recognised is in it. */
export const authenticatedGroup = 'system:authenticated';
export const nodesGroup = 'system:nodes';
const nodePrefix = 'system:node:';
const serviceAccountPrefix = 'system:serviceaccount:';
const serviceAccountsGroup = 'system:serviceaccounts';

/** With the group of everybody who was recognised. */
export function authenticated(user: User): User {
  if (user.groups.includes(authenticatedGroup)) return user;
  return { ...user, groups: [...user.groups, authenticatedGroup] };
}

/** The user that a node acts as. */
export function nodeUser(node: string): User {
  return { name: `${nodePrefix}${node}`, groups: [nodesGroup] };
}

/** The node that a user is; undefined for everybody else. */
export function nodeOf({ name, groups }: User): string | undefined {
  if (!name.startsWith(nodePrefix) || !groups.includes(nodesGroup)) return undefined;
  return name.slice(nodePrefix.length);
}

export function serviceAccountUserName(namespace: string, name: string): string {
  return `${serviceAccountPrefix}${namespace}:${name}`;
}

/** The groups that a service account is in by its namespace. */
export function serviceAccountGroups(namespace: string): string[] {
  return [serviceAccountsGroup, `${serviceAccountsGroup}:${namespace}`];
}

/** Namespace and name of the service account that a user name stands for; undefined for other names. */
export function serviceAccountOf(userName: string): { namespace: string; name: string } | undefined {
  if (!userName.startsWith(serviceAccountPrefix)) return undefined;
  const [namespace = '', name = '', ...rest] = userName.slice(serviceAccountPrefix.length).split(':');
  return namespace === '' || name === '' || rest.length > 0 ? undefined : { namespace, name };
}
