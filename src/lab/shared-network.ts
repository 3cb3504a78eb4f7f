import { fabricResources, layer2Resources, resourceOf } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { WeftError } from '../lib/errors.ts';
import { modelTraits } from '../model/network/models.ts';
import { labOfCluster } from './names.ts';
import type { LabOptions } from './options.ts';

/** What describes the network around nodes that the clusters of a lab share: it means something in the first one alone. */
const describing = [
  layer2Resources.segments,
  layer2Resources.virtualswitches,
  layer2Resources.noderoutes,
  layer2Resources.networkattachmentdefinitions,
  fabricResources.virtualmachines,
];

/**
 * Throws `network-shared` when a further cluster of a lab, on the network of the first one, is to be given objects that
 * describe that network: a line for each with where it is written.
 */
export function requireNoNetwork(
  { name, config, ownNetwork = false }: Pick<LabOptions, 'name' | 'config' | 'ownNetwork'>,
  objects: readonly { readonly object: KubernetesObject; readonly source: Written }[],
): void {
  const first = labOfCluster(name);
  if (first === undefined || ownNetwork || modelTraits[config.model].world !== 'segment') return;
  const found = objects.filter(({ object }) => describing.some((kind) => kind === resourceOf(object)));
  if (found.length === 0) return;
  const lines = found.map(
    ({ object: { kind, metadata }, source: { file, line } }) =>
      `${file}:${line}: ${kind} ${metadata.name} is of the network, which the first cluster of lab ${first} describes`,
  );
  throw new WeftError('network-shared', lines.join('\n'), {
    fault: 'input',
    hint: `apply it there (weft up --name ${first} -f ...), or give this cluster a network of its own: --own-network`,
  });
}

interface Written {
  readonly file: string;
  readonly line: number;
}

/** The same for whoever else writes to the API server of such a cluster. */
export function sharedNetworkObjects(): KubernetesObject[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const metadata = { name: 'weft-shared-network' };
  const resourceRules = describing.map(({ group, version, plural }) => ({
    apiGroups: [group],
    apiVersions: [version],
    resources: [plural],
    operations: ['CREATE', 'UPDATE'],
  }));
  const message =
    'the first cluster of the lab describes the network that its clusters share: apply it there, or give this cluster a network of its own (weft up --own-network)';
  const policy = {
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules },
      validations: [{ expression: 'false', message, reason: 'Forbidden' }],
    },
  };
  const binding = {
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: metadata.name, validationActions: ['Deny'] },
  };
  return [policy, binding];
}
