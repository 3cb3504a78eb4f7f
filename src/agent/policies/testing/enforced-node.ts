import type { Nftables } from '../../../kernel/nft/port.ts';
import { createPolicyModel } from '../../../model/policy/policy-model.ts';
import type { PolicyModel } from '../../../model/policy/port.ts';
import { nodeTable } from '../../../plan/policy/node-table.ts';
import { createPolicyNumbers } from '../../../plan/policy/numbers.ts';
import { createPolicyEnforcer, type PolicyEnforcer } from '../policy-enforcer.ts';

/** A node `n` of the fake kernel with policies, as a process programs it: anew, or as an earlier one left it. */
export interface EnforcedNode {
  readonly model: PolicyModel;
  readonly enforcer: PolicyEnforcer;
  /** Writes what the model says of all pods; returns how many elements changed. */
  readonly program: () => number;
}

/** `pods` are their addresses by their keys; all are on the node, whose links begin with `weft`. */
export function createEnforcedNode(nft: Nftables, pods: ReadonlyMap<string, string>): EnforcedNode {
  const model = createPolicyModel();
  const keyAt = new Map(Array.from(pods, ([key, address]) => [address, key]));
  const enforcer = createPolicyEnforcer({
    nft,
    netns: 'n',
    family: 'IPv4',
    residents: [],
    numbers: createPolicyNumbers(),
    classAt: (address) => model.classOf(keyAt.get(address) ?? ''),
    layout: enforcedLayout,
    linkOf: () => 'weft1',
  });
  return {
    model,
    enforcer,
    program: () => {
      for (const [key, address] of pods) {
        enforcer.setPeer(key, [address], model.classOf(key));
        enforcer.setLocalPod(key, { uid: key, addresses: [address] }, model.policyOf(key));
      }
      return enforcer.commit();
    },
  };
}

/** The table of such a node. */
export const enforcedLayout = nodeTable({ podLinks: 'weft*', family: 'IPv4', tunnels: [] });
