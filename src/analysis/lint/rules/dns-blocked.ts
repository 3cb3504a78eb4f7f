import { dnsRule } from '../examples.ts';
import { dnsMistakes, exampleOfDns } from '../dns.ts';
import type { LintRule } from '../rule.ts';

export const dnsBlocked: LintRule = {
  id: 'WL007',
  name: 'dns-blocked',
  severity: 'error',
  title: 'Pods may reach others, and cannot ask the cluster DNS',
  why: 'Pods that a policy isolates for egress reach only what its rules name, and the cluster DNS is a pod like any other. These pods may reach something, but no rule opens UDP 53 to the cluster DNS: every look-up of a name waits and fails.',
  fix: 'Add a rule to the pods k8s-app: kube-dns of namespace kube-system with UDP 53 and TCP 53. An ipBlock with the address of the DNS Service does nothing: policies see the address of the pod behind it.',
  example: {
    wrong: exampleOfDns(''),
    right: exampleOfDns(dnsRule),
  },
  check: (facts) =>
    dnsMistakes(facts, ({ udp }) =>
      udp ? undefined : 'cannot ask the cluster DNS: no rule opens UDP 53 to it',
    ),
};
