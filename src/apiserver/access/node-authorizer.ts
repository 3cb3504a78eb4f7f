import { nodeOf } from '../identity/user.ts';
import { keyOf } from '../../api/resources.ts';
import { textAt, type StoredObject } from '../json.ts';
import type { Store } from '../store/port.ts';
import { accountOf, followNodePods, refersTo, type NodePods } from './node-pods.ts';
import { isPathAttributes, type Attributes, type Decision, type ResourceAttributes } from './port.ts';

/** What a node may do by being that node. */
export interface NodeAuthorizer {
  /** Undefined for users that are no node. */
  decide(attributes: Attributes): Decision | undefined;
  stop(): void;
}

interface Question {
  readonly node: string;
  readonly asked: ResourceAttributes;
  readonly pods: NodePods;
  readonly store: Store;
}

type Rule = (question: Question) => boolean;

/**
 * The Node authorizer: a node reads what its own pods need, and writes its own Node, its Lease and its pods' status
 * (KEP-279, with the selectors of KEP-4601). Nothing is remembered of references: they are read in the node's pods.
 */
export function createNodeAuthorizer(store: Store): NodeAuthorizer {
  const pods = followNodePods(store);
  return {
    decide(attributes) {
      const node = nodeOf(attributes.user);
      if (node === undefined) return undefined;
      if (isPathAttributes(attributes)) return { allowed: false, reason: '' };
      const { group, resource, subresource } = attributes;
      const what = `${group}/${resource}${subresource && `/${subresource}`}`;
      const rule = Object.hasOwn(rules, what) ? rules[what] : undefined;
      if (rule === undefined) return { allowed: false, reason: '' };
      const allowed = rule({ node, asked: attributes, pods, store });
      return { allowed, reason: allowed ? '' : `node "${node}" has nothing to do with it` };
    },
    stop: () => pods.stop(),
  };
}

const reads = new Set(['get', 'list', 'watch']);

const oneOf =
  (...verbs: string[]): Rule =>
  ({ asked }) =>
    verbs.includes(asked.verb);

/** By its name, also as a list or watch that selects it. */
const ownName: Rule = ({ node, asked }) => asked.name === node;

const both =
  (...rules: readonly Rule[]): Rule =>
  (question) =>
    rules.every((rule) => rule(question));

/** What a pod of the node refers to by name; lists only where they select that name. */
const referred: Rule = ({ node, asked, pods }) => {
  if (!reads.has(asked.verb) || asked.name === '') return false;
  return someOf(pods.of(node), (pod) => inNamespace(pod, asked) && refersTo(pod, asked.resource, asked.name));
};

const ownPod: Rule = ({ node, asked, store }) => {
  const pod = store.get('pods', keyOf({ metadata: asked }))?.object;
  return pod !== undefined && textAt(pod, ['spec', 'nodeName']) === node;
};

const rules: Readonly<Record<string, Rule>> = {
  '/nodes': (question) => {
    const { verb } = question.asked;
    // Its name is in the body: NodeRestriction looks at it.
    if (verb === 'create') return true;
    return [...reads, 'update', 'patch'].includes(verb) && ownName(question);
  },
  '/nodes/status': both(oneOf('get', 'update', 'patch'), ownName),
  'coordination.k8s.io/leases': (question) => {
    const { asked } = question;
    if (asked.namespace !== 'kube-node-lease') return false;
    return (
      asked.verb === 'create' || (oneOf('get', 'update', 'patch', 'delete')(question) && ownName(question))
    );
  },
  '/pods': (question) => {
    const { node, asked } = question;
    if (asked.verb === 'list' || asked.verb === 'watch') return asked.fields?.['spec.nodeName'] === node;
    return (asked.verb === 'get' || asked.verb === 'delete') && ownPod(question);
  },
  '/pods/status': both(oneOf('get', 'update', 'patch'), ownPod),
  '/pods/eviction': both(oneOf('create'), ownPod),
  '/secrets': referred,
  '/configmaps': referred,
  '/persistentvolumeclaims': referred,
  '/serviceaccounts': ({ node, asked, pods }) =>
    asked.verb === 'get' &&
    someOf(pods.of(node), (pod) => inNamespace(pod, asked) && accountOf(pod) === asked.name),
  '/serviceaccounts/token': ({ node, asked, pods }) =>
    asked.verb === 'create' &&
    someOf(pods.of(node), (pod) => inNamespace(pod, asked) && accountOf(pod) === asked.name),
  '/services': oneOf(...reads),
  'discovery.k8s.io/endpointslices': oneOf(...reads),
  // Which addresses it wants and gives back; it is told what it has by the status.
  'acn.azure.com/nodenetworkconfigs': both(oneOf('get', 'patch'), ownName),
  '/events': oneOf('create', 'patch', 'update'),
};

function inNamespace(pod: StoredObject, { namespace }: ResourceAttributes): boolean {
  return pod.metadata.namespace === namespace;
}

function someOf<T>(items: Iterable<T>, is: (item: T) => boolean): boolean {
  for (const item of items) if (is(item)) return true;
  return false;
}
