import type { Resource } from '../../api/resources.ts';
import { resources } from '../../api/resources.ts';
import { nodeOf, type User } from '../identity/user.ts';
import { sameJson, valueAt, type StoredObject } from '../json.ts';
import { forbidden } from '../status.ts';

/** A write, and who writes. */
interface Writing {
  readonly user: User;
  readonly resource: Resource;
  readonly object: StoredObject;
  readonly previous: StoredObject | undefined;
}

/** Labels by which a cluster's administrator sets nodes apart; a node cannot give them to itself. */
const restricted = /(^|\.)node-restriction\.kubernetes\.io\//;

/** Taints keep pods away: a node cannot take its own off, nor change what it is. */
const setByOthers = [
  ['spec', 'taints'],
  ['metadata', 'ownerReferences'],
];

/**
 * What the authorizer cannot see, because it stands in the body (admission plugin NodeRestriction): a node makes no
 * Node but its own, and neither restricted labels nor taints of it. Throws 403.
 */
export function requireOwnNode({ user, resource, object, previous }: Writing): void {
  const node = nodeOf(user);
  if (node === undefined) return;
  const { name, namespace } = object.metadata;
  const refuse = (why: string): never => {
    throw forbidden(resource, name, { why: `node "${node}" ${why}` });
  };
  if (resource.plural === 'leases' && (namespace !== 'kube-node-lease' || name !== node))
    refuse('can only write its own lease');
  if (resource !== resources.nodes) return;
  if (name !== node) refuse('can only write its own Node');
  const [before, after] = [restrictedLabels(previous), restrictedLabels(object)];
  if (!sameJson(before, after)) refuse('cannot change labels of node-restriction.kubernetes.io');
  for (const path of previous === undefined ? [] : setByOthers) {
    if (!sameJson(valueAt(previous, path), valueAt(object, path))) refuse(`cannot change ${path.join('.')}`);
  }
}

function restrictedLabels(object: StoredObject | undefined): Record<string, string> {
  const labels = Object.entries(object?.metadata.labels ?? {});
  return Object.fromEntries(labels.filter(([label]) => restricted.test(label)));
}
