import { shortHash } from '../../lib/hash.ts';
import type { Family } from '../../lib/address.ts';
import { isRestricted } from '../../model/policy/permits.ts';
import type { PodPolicy } from '../../model/policy/port.ts';
import type { PlannedElement } from '../elements/planned-elements.ts';
import { nftWord } from '../families.ts';
import { setDeclarations } from '../services/skeleton.ts';
import { addressElements, type LocalAddresses, type PolicyTable } from './node-table.ts';
import type { PolicyNumbers } from './numbers.ts';
import { cutMark, directionChains, neighbourDiscovery, policySets, policyTables } from './skeleton.ts';

/**
 * The table of policies about one further interface of a pod, in the pod's own namespace: its packets never pass the node's.
 * What is asked of them, and how, is as on the node. Nobody's packets but the pod's own pass there, so that a pod of the
 * segment with somebody else's address is taken for that one, and what a pod passes on is not judged. `X-open` has the
 * interface while nothing isolates it in that direction: then broadcasts pass, and addresses that nobody gave it. What comes
 * in for an address of another interface never passes: NetworkPolicies about `eth0` would not see it.
 */
export function interfaceTable(link: string, family: Family): PolicyTable {
  const table = {
    ...policyTables[family],
    table: `${policyTables[family].table}-${shortHash(link)}`,
  } as const;
  const types = {
    ...policySets[family],
    'ingress-open': { key: ['ifname'] },
    'egress-open': { key: ['ifname'] },
  } as const;
  const ip = nftWord[family];
  const neighbours = family === 'IPv6' ? neighbourDiscovery : '';
  const skeleton = `
table ${ip} ${table.table} {
${setDeclarations(types)}
${directionChains('egress', family)}
${directionChains('ingress', family)}
  chain input {
    type filter hook input priority 0; policy accept;
    iifname != "${link}" accept
    fib daddr . iif type != { local, broadcast, multicast } drop
    ${neighbours}
    ct mark and ${cutMark} == ${cutMark} drop
    ct state established,related accept
    iifname @ingress-open accept
    jump ingress-of-pod
  }
  chain output {
    type filter hook output priority 0; policy accept;
    oifname != "${link}" accept
    ${neighbours}
    ct mark and ${cutMark} == ${cutMark} drop
    ct state established,related accept
    oifname @egress-open accept
    jump egress-of-pod
  }
}
`;
  return { table, types, skeleton, elements: interfaceElements };
}

function interfaceElements(pod: LocalAddresses, policy: PodPolicy, numbers: PolicyNumbers): PlannedElement[] {
  const open = (direction: 'ingress' | 'egress'): PlannedElement[] =>
    isRestricted(policy[direction]) ? [] : [{ set: `${direction}-open`, key: [pod.link] }];
  return [...open('ingress'), ...open('egress'), ...addressElements(pod, policy, numbers)];
}
