import type { LintRule } from './rule.ts';
import { answerAroundAppliance } from './rules/answer-around-appliance.ts';
import { securityRuleShadowed } from './rules/security-rule-shadowed.ts';
import { allowanceOverruled } from './rules/allowance-overruled.ts';
import { backendClosed } from './rules/backend-closed.ts';
import { backendMissing } from './rules/backend-missing.ts';
import { blockHiddenByMasquerade } from './rules/block-hidden-by-masquerade.ts';
import { blockOfPodAddresses } from './rules/block-of-pod-addresses.ts';
import { blockOfServiceAddresses } from './rules/block-of-service-addresses.ts';
import { clusterPeerSelectsNothing } from './rules/cluster-peer-selects-nothing.ts';
import { clusterPolicySelectsNothing } from './rules/cluster-policy-selects-nothing.ts';
import { directionWithoutRules } from './rules/direction-without-rules.ts';
import { dnsBlocked } from './rules/dns-blocked.ts';
import { dnsOverTcpBlocked } from './rules/dns-over-tcp-blocked.ts';
import { domainNamesWithoutDns } from './rules/domain-names-without-dns.ts';
import { emptyListAllowsAll } from './rules/empty-list-allows-all.ts';
import { everyPortButIcmp } from './rules/every-port-but-icmp.ts';
import { endsShareNoPort } from './rules/ends-share-no-port.ts';
import { hostNetworkPods } from './rules/host-network-pods.ts';
import { namedPortMissing } from './rules/named-port-missing.ts';
import { namespaceSelectsNothing } from './rules/namespace-selects-nothing.ts';
import { nextHopForwardsNothing } from './rules/next-hop-forwards-nothing.ts';
import { nextHopMissing } from './rules/next-hop-missing.ts';
import { nodePortPassesPolicies } from './rules/node-port-passes-policies.ts';
import { otherEndDenies } from './rules/other-end-denies.ts';
import { passInLastTier } from './rules/pass-in-last-tier.ts';
import { peerSelectsNothing } from './rules/peer-selects-nothing.ts';
import { peersApart } from './rules/peers-apart.ts';
import { policyNetworkMissing } from './rules/policy-network-missing.ts';
import { policyNotEnforced } from './rules/policy-not-enforced.ts';
import { policySelectsNoInterface } from './rules/policy-selects-no-interface.ts';
import { policySelectsNothing } from './rules/policy-selects-nothing.ts';
import { portNotDeclared } from './rules/port-not-declared.ts';
import { prioritiesClash } from './rules/priorities-clash.ts';
import { routesInCircle } from './rules/routes-in-circle.ts';
import { ruleRedundant } from './rules/rule-redundant.ts';
import { ruleShadowed } from './rules/rule-shadowed.ts';
import { rulesAllowNobody } from './rules/rules-allow-nobody.ts';
import { serviceClosed } from './rules/service-closed.ts';
import { servicePortInPolicy } from './rules/service-port-in-policy.ts';
import { serviceSelectsNothing } from './rules/service-selects-nothing.ts';
import { targetPortMissing } from './rules/target-port-missing.ts';
import { targetPortNotDeclared } from './rules/target-port-not-declared.ts';
import { tierBlocksDns } from './rules/tier-blocks-dns.ts';
import { tierRuleShadowed } from './rules/tier-rule-shadowed.ts';

/** Every rule, by id. A rule that is taken away leaves its id unused. */
export const lintRules: readonly LintRule[] = [
  policySelectsNothing,
  peerSelectsNothing,
  namespaceSelectsNothing,
  rulesAllowNobody,
  directionWithoutRules,
  namedPortMissing,
  dnsBlocked,
  dnsOverTcpBlocked,
  servicePortInPolicy,
  portNotDeclared,
  serviceSelectsNothing,
  targetPortMissing,
  targetPortNotDeclared,
  serviceClosed,
  blockHiddenByMasquerade,
  blockOfServiceAddresses,
  blockOfPodAddresses,
  ruleShadowed,
  ruleRedundant,
  endsShareNoPort,
  otherEndDenies,
  hostNetworkPods,
  emptyListAllowsAll,
  peersApart,
  nodePortPassesPolicies,
  prioritiesClash,
  clusterPolicySelectsNothing,
  clusterPeerSelectsNothing,
  tierRuleShadowed,
  allowanceOverruled,
  passInLastTier,
  tierBlocksDns,
  domainNamesWithoutDns,
  nextHopMissing,
  nextHopForwardsNothing,
  routesInCircle,
  policyNotEnforced,
  backendMissing,
  backendClosed,
  answerAroundAppliance,
  securityRuleShadowed,
  policyNetworkMissing,
  policySelectsNoInterface,
  everyPortButIcmp,
];
