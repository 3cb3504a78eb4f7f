import { keyOf } from '../../api/resources.ts';
import type { Pod } from '../../api/types/core.ts';
import type { VirtualMachine } from '../../api/types/fabric.ts';
import type { AddressHolder, NetworkAttachmentDefinition } from '../../api/types/layer2.ts';
import { nodeSegment } from '../fabric/default-fabric.ts';
import { domainOfInterface, type AddressDemand } from '../fabric/layer2/demands.ts';
import type { AddressDomain, Domains } from '../fabric/layer2/domains.ts';
import { nodeLink } from '../network/topology.ts';
import { addressPlan, type AddressPlanOfPod } from './addresses.ts';
import { configurationOf, textIn, type NetworkConfiguration } from './config.ts';
import { selectionsOf, type Selection } from './selection.ts';

/** What networks follow from. */
export interface Networks {
  /** By `namespace/name`. */
  readonly definitions: { get(key: string): NetworkAttachmentDefinition | undefined };
  readonly domains: Domains;
  /** By name: the machines of nodes among them. */
  readonly machines: { get(name: string): VirtualMachine | undefined };
}

/** A further interface of a pod. */
export interface Attachment {
  /** `namespace/name` of the network. */
  readonly network: string;
  readonly interface: string;
  readonly mac: string | undefined;
  readonly domain: AddressDomain;
  readonly demands: readonly AddressDemand[];
  readonly routes: AddressPlanOfPod['routes'];
}

/** The further interfaces that a pod on a node is to have. A text is why it cannot have them. */
export function attachmentsOf(pod: Pod, networks: Networks): readonly Attachment[] | string {
  const selections = selectionsOf(pod);
  if (typeof selections === 'string') return selections;
  const found: Attachment[] = [];
  for (const selection of selections) {
    const one = attachmentOf(pod, selection, networks);
    if (typeof one === 'string') return one;
    found.push(one);
  }
  return found;
}

function attachmentOf(pod: Pod, selection: Selection, networks: Networks): Attachment | string {
  const network = keyOf({ metadata: selection });
  const definition = networks.definitions.get(network);
  if (definition === undefined) return `there is no NetworkAttachmentDefinition ${network}`;
  const config = configurationOf(definition);
  if (typeof config === 'string') return `NetworkAttachmentDefinition ${network}: ${config}`;
  const domain = domainOf(config, pod, networks);
  if (typeof domain === 'string') return `NetworkAttachmentDefinition ${network}: ${domain}`;
  const plan = addressPlan(domain, config.ipam, selection.ips);
  if (typeof plan === 'string') return `NetworkAttachmentDefinition ${network}: ${plan}`;
  const holder = holderOf(pod, selection.interface);
  return {
    network,
    interface: selection.interface,
    mac: selection.mac,
    domain: plan.domain,
    demands: plan.wants.map((want) => ({ domain: plan.domain, holder, want })),
    routes: plan.routes,
  };
}

/** Who holds the addresses of a pod's interface. */
export function holderOf({ metadata }: Pod, nic: string): AddressHolder {
  const { namespace = 'default', name, uid = '' } = metadata;
  return { kind: 'Pod', namespace, name, uid, interface: nic };
}

/**
 * Where the interface is plugged in. `macvlan` and `ipvlan` are on the segment of the node's interface that their `master`
 * names; `bridge` is the Segment or VirtualSwitch of the bridge's name; `weft` names it. The definition's annotation comes
 * before all of them.
 */
function domainOf(
  { type, fields, segment }: NetworkConfiguration,
  pod: Pod,
  { domains, machines }: Networks,
): AddressDomain | string {
  if (segment !== undefined) return named(segment, domains);
  if (type === 'weft')
    return named(textIn(fields, 'segment') ?? textIn(fields, 'virtualSwitch') ?? '', domains);
  if (type === 'bridge') return named(textIn(fields, 'bridge') ?? 'cni0', domains);
  if (type !== 'macvlan' && type !== 'ipvlan') {
    return `type "${type.slice(0, 40)}" is not known: use bridge, macvlan, ipvlan or weft`;
  }
  return behindMaster(textIn(fields, 'master') ?? nodeLink, pod.spec.nodeName ?? '', { domains, machines });
}

function behindMaster(
  master: string,
  node: string,
  { domains, machines }: Pick<Networks, 'domains' | 'machines'>,
): AddressDomain | string {
  const nic = machines.get(node)?.spec.interfaces.find(({ name }) => name === master);
  if (nic === undefined && master === nodeLink) return named(nodeSegment, domains);
  const domain = nic === undefined ? undefined : domainOfInterface(nic, domains);
  return (
    domain ?? `node ${node} has no interface ${master.slice(0, 40)} on a segment (see its VirtualMachine)`
  );
}

function named(name: string, { segments, switches }: Domains): AddressDomain | string {
  return (
    segments.get(name) ?? switches.get(name) ?? `there is no Segment or VirtualSwitch ${name.slice(0, 63)}`
  );
}
