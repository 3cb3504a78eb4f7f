import type { SetTypes } from '../elements/ledger.ts';
import { setDeclarations } from '../services/skeleton.ts';

/** The table of NetworkPolicy on a node; nothing outside this room touches it. */
export const policyTable = { family: 'ip', table: 'weft-policy' } as const;

/** The NFLOG group of denials, and the prefixes that tell the directions apart. */
export const denialLog = { group: 7, ingress: 'weft-ingress', egress: 'weft-egress' } as const;

/** The bit of a conntrack entry's mark that says: a policy now denies this connection, drop both directions. */
export const cutMark = 0x4000_0000;

/** The port group that holds every port of every protocol, and whatever has no ports. */
export const allPorts = 1;

/**
 * Sets and maps of the table. Everything that changes, changes here; the rules never do. `X-classes`, `X-ranges`
 * and `X-anywhere` yield the port group that is open between a pod of this node and a peer (class of pods, range
 * of addresses, anybody), `egress-class-ranges` towards a class in a range; `ports` says which ports a group holds.
 */
export const policySets = {
  'pod-interfaces': { key: ['ifname', 'ipv4_addr'] },
  self: { key: ['ipv4_addr', 'ipv4_addr'] },
  resident: { key: ['ipv4_addr'] },
  peers: { key: ['ipv4_addr'], value: ['mark'] },
  ports: { key: ['mark', 'inet_proto', 'inet_service'], interval: true },
  egress: { key: ['ipv4_addr'], value: ['verdict'] },
  'egress-classes': { key: ['ipv4_addr', 'mark'], value: ['mark'] },
  'egress-ranges': { key: ['ipv4_addr', 'ipv4_addr'], value: ['mark'], interval: true },
  'egress-class-ranges': { key: ['ipv4_addr', 'mark', 'ipv4_addr'], value: ['mark'], interval: true },
  'egress-anywhere': { key: ['ipv4_addr'], value: ['mark'] },
  ingress: { key: ['ipv4_addr'], value: ['verdict'] },
  'ingress-classes': { key: ['ipv4_addr', 'mark'], value: ['mark'] },
  'ingress-ranges': { key: ['ipv4_addr', 'ipv4_addr'], value: ['mark'], interval: true },
  'ingress-anywhere': { key: ['ipv4_addr'], value: ['mark'] },
} as const satisfies SetTypes;

/** Chains that the verdict maps `egress` and `ingress` send an isolated pod's packets to. */
export const isolatedChain = { egress: 'egress-rules', ingress: 'ingress-rules' } as const;

/**
 * The table. Egress is judged in the forward hook, on the destination that a Service chose and the pod's own
 * source; ingress in postrouting behind `srcnat`, on the source address that the pod will see. A packet between
 * two pods of one node passes both.
 *
 * - What a pod sends with an address that is not its own never gets past prerouting, and a link that the agent has
 *   not listed has no address of its own: an unknown pod sends nothing, agent dead or alive. An unknown pod
 *   receives nothing, for `ingress` has no entry for it.
 * - The pod's own node is always let in (and pods reach it: the input hook has no chain here), as Kubernetes
 *   promises; a pod always reaches itself, through its Services too.
 * - Established connections pass without another look, unless they carry the cut mark.
 */
export function policySkeleton({ podLinkPrefix }: { podLinkPrefix: string }): string {
  return `
table ip ${policyTable.table} {
${setDeclarations(policySets)}
${directionChains('egress')}
${directionChains('ingress')}
  chain prerouting {
    type filter hook prerouting priority -300; policy accept;
    iifname "${podLinkPrefix}*" iifname . ip saddr != @pod-interfaces drop
  }
  chain input {
    type filter hook input priority 0; policy accept;
    ct mark and ${cutMark} == ${cutMark} drop
  }
  chain forward {
    type filter hook forward priority 0; policy accept;
    ct mark and ${cutMark} == ${cutMark} drop
    ct state established,related accept
    iifname "${podLinkPrefix}*" jump egress-of-pod
  }
  chain postrouting {
    type filter hook postrouting priority 150; policy accept;
    ct mark and ${cutMark} == ${cutMark} drop
    ct state established,related accept
    oifname "${podLinkPrefix}*" jump ingress-of-pod
  }
}
`;
}

function directionChains(direction: 'egress' | 'ingress'): string {
  const [pod, peer] = direction === 'egress' ? ['saddr', 'daddr'] : ['daddr', 'saddr'];
  const port = 'meta mark . meta l4proto . th dport @ports return';
  const all = `meta mark ${allPorts} return`;
  const peerClass = `meta mark set ip ${peer} map @peers`;
  const lookups = [
    `${peerClass} meta mark set ip ${pod} . meta mark map @${direction}-classes`,
    `meta mark set ip ${pod} . ip ${peer} map @${direction}-ranges`,
    `meta mark set ip ${pod} map @${direction}-anywhere`,
  ];
  // Only pods that receive give names to ports, so only what is sent depends on class and address together.
  if (direction === 'egress') {
    lookups.push(`${peerClass} meta mark set ip ${pod} . meta mark . ip ${peer} map @egress-class-ranges`);
  }
  const rules = lookups.flatMap((lookup) => [`    ${lookup} ${all}`, `    ${lookup} ${port}`]);
  return `
  chain ${isolatedChain[direction]} {
${rules.join('\n')}
    log group ${denialLog.group} prefix "${denialLog[direction]}" queue-threshold 1
    drop
  }
  chain ${direction}-of-pod {
    ip ${peer} @resident return
    ip ${pod} . ip ${peer} @self return
    ip ${pod} vmap @${direction}
    drop
  }`;
}
