import type { Labels } from '../../../api/types/meta.ts';
import { parseAddress, type Address } from '../../../lib/address.ts';
import type { NodeFacts, PolicyModel } from '../port.ts';
import type { Change } from './arbitraries.ts';
import { nodeAddresses } from './naive-world.ts';

/** As `applyChange`, of the model. */
export function applyToModel(model: PolicyModel, change: Change): void {
  if (change.kind === 'namespace') model.setNamespace(change.name, change.labels);
  else if (change.kind === 'policy') model.setPolicy(change.key, change.policy);
  else if (change.kind === 'cluster-policy')
    model.setClusterPolicy('ClusterNetworkPolicy', change.key, change.policy);
  else if (change.kind === 'node') model.setNode(change.key, nodeFacts(change.key, change.labels));
  else if (change.kind === 'domain') model.setDomain(change.key, addressesOf(change.addresses));
  else model.setPod(change.key, change.facts);
}

/** What an API object says, as the model takes it. */
export const addressesOf = (texts: readonly string[]): Address[] =>
  texts.flatMap((text) => parseAddress(text) ?? []);

export function nodeFacts(name: string, labels: Labels | undefined): NodeFacts | undefined {
  return labels && { labels, addresses: addressesOf([nodeAddresses[name] ?? '']) };
}
