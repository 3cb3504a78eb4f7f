import { resources, type Resource } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { apiCode } from '../../client/errors.ts';
import { isMarked, type Mark } from '../../client/marked-client.ts';
import type { Client } from '../../client/port.ts';
import { absentControllers, namedControllers } from '../../controllers/leader/choose.ts';
import { controllerNames, type ControllerName } from '../../controllers/controllers.ts';
import { messageOf, WeftError } from '../../lib/errors.ts';

/** What a lab goes by on a cluster. */
export interface ClusterFacts {
  /** A range per family, the primary one first. */
  readonly serviceCidrs: readonly string[];
  /** Those that the lab is to run. */
  readonly controllers: readonly ControllerName[];
}

export interface ExamineOptions {
  readonly mark: Mark;
  /** `auto`, `all`, `none`, or names with commas between them. */
  readonly controllers: string;
}

/**
 * Looks whether a lab can be on a cluster, and changes nothing. Rejects with `cluster-refuses`, `cluster-rights` (naming
 * what is missing), `cluster-has-nodes`, `cluster-ranges`, `controllers-unknown`, and as `Client.list`.
 */
export async function examineCluster(client: Client, options: ExamineOptions): Promise<ClusterFacts> {
  await requireRights(client);
  await requireNoOtherNodes(client, options.mark);
  return {
    serviceCidrs: await serviceRanges(client),
    controllers: await chosenControllers(client, options.controllers),
  };
}

interface Right {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verbs: readonly string[];
}

const rbac = 'rbac.authorization.k8s.io';
const anything = { group: '*', resource: '*', verbs: ['*'] } as const;

/** What it takes where somebody may not do everything. */
const needed: readonly Right[] = [
  { group: '', resource: 'nodes', verbs: ['list', 'create', 'delete'] },
  { group: '', resource: 'nodes', subresource: 'status', verbs: ['update'] },
  { group: '', resource: 'serviceaccounts', verbs: ['create', 'delete'] },
  { group: '', resource: 'serviceaccounts', subresource: 'token', verbs: ['create'] },
  {
    group: 'apiextensions.k8s.io',
    resource: 'customresourcedefinitions',
    verbs: ['list', 'create', 'delete'],
  },
  {
    group: 'admissionregistration.k8s.io',
    resource: 'validatingadmissionpolicies',
    verbs: ['create', 'patch', 'delete'],
  },
  {
    group: 'admissionregistration.k8s.io',
    resource: 'validatingadmissionpolicybindings',
    verbs: ['create', 'patch', 'delete'],
  },
  // The controllers collect garbage of every kind, and nobody gives away more than he has without these.
  { group: rbac, resource: 'clusterroles', verbs: ['create', 'patch', 'delete', 'escalate', 'bind'] },
  { group: rbac, resource: 'clusterrolebindings', verbs: ['create', 'delete'] },
  { group: rbac, resource: 'roles', verbs: ['create', 'delete', 'escalate', 'bind'] },
  { group: rbac, resource: 'rolebindings', verbs: ['create', 'delete'] },
];

async function requireRights(client: Client): Promise<void> {
  if (await may(client, anything, '*')) return;
  const missing = await Promise.all(needed.map((right) => missingOf(client, right)));
  const said = missing.flatMap(({ verbs, ...right }) =>
    verbs.length === 0 ? [] : saidRight({ ...right, verbs }),
  );
  if (said.length === 0) return;
  throw new WeftError('cluster-rights', `this user may not ${said.join('; ')}`, {
    fault: 'input',
    hint: 'use the kubeconfig of a cluster administrator; docs/guide/real-cluster.md says what each right is for',
  });
}

/** The right with those of its verbs that this user does not have. */
async function missingOf(client: Client, right: Right): Promise<Right> {
  const answers = await Promise.all(right.verbs.map((verb) => may(client, right, verb)));
  return { ...right, verbs: right.verbs.filter((_, i) => answers[i] !== true) };
}

function saidRight({ resource, subresource, verbs }: Right): string {
  return `${verbs.join(', ')} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
}

interface Review extends KubernetesObject {
  spec: object;
  status?: { allowed?: boolean };
}

const reviews: Resource<Review> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  singular: 'selfsubjectaccessreview',
  kind: 'SelfSubjectAccessReview',
  shortNames: [],
  namespaced: false,
  subresources: [],
};

async function may(client: Client, right: Right, verb: string): Promise<boolean> {
  const { group, resource, subresource } = right;
  try {
    const { status } = await client.create(reviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: reviews.kind,
      metadata: { name: '' },
      spec: { resourceAttributes: { group, resource, subresource, verb } },
    });
    return status?.allowed === true;
  } catch (thrown) {
    if (apiCode(thrown) !== 'api-unauthorized') throw thrown;
    throw new WeftError('cluster-refuses', `the API server does not accept this user: ${messageOf(thrown)}`, {
      cause: thrown,
      fault: 'input',
      hint: 'the token or client certificate of the kubeconfig is wrong or has expired',
    });
  }
}

/** Pods there could not be reached from the lab's, nor the other way round. */
async function requireNoOtherNodes(client: Client, mark: Mark): Promise<void> {
  const { items } = await client.list(resources.nodes);
  const others = items.filter((node) => !isMarked(node, mark)).map(({ metadata }) => metadata.name);
  if (others.length === 0) return;
  const shown =
    others.length > 5 ? `${others.slice(0, 5).join(', ')} and ${others.length - 5} more` : others.join(', ');
  throw new WeftError('cluster-has-nodes', `the cluster has nodes already: ${shown}`, {
    fault: 'input',
    hint: 'a lab is all nodes of its cluster: there is no network between its pods and those of other nodes',
  });
}

/** The range that the API server was started with. */
const defaultRange = 'kubernetes';

async function serviceRanges(client: Client): Promise<readonly string[]> {
  const found = await client.get(resources.servicecidrs, { name: defaultRange });
  const ranges = found?.spec?.cidrs ?? [];
  if (ranges.length > 0) return ranges;
  throw new WeftError('cluster-ranges', 'the API server does not say which addresses its Services have', {
    fault: 'environment',
    hint: 'it takes Kubernetes 1.33 or newer, where there is a ServiceCIDR "kubernetes"',
  });
}

async function chosenControllers(client: Client, choice: string): Promise<readonly ControllerName[]> {
  switch (choice) {
    case 'all':
      return controllerNames;
    case 'none':
      return [];
    case 'auto':
      return absentControllers(client);
    default:
      return namedControllers(choice.split(',').map((name) => name.trim()));
  }
}
