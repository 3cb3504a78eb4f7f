import type { Flow } from '../../analysis/flow.ts';
import { indexOf } from '../../analysis/cluster-index.ts';
import { addressesOf, addressPair, type AddressPair } from '../../analysis/predict/ends.ts';
import type { Pod } from '../../api/types/core.ts';
import { families, familyOf } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import { machineNetns, nodeNetns } from '../../model/fabric/default-fabric.ts';
import { labAddressesOf } from '../../model/network/lab-addresses.ts';
import { modelTraits } from '../../model/network/models.ts';
import { placesOf } from '../../model/network/places.ts';
import { ownAddresses } from '../../model/network/pod-addresses.ts';
import { nodeAddresses } from '../../model/network/topology.ts';
import type { Probe } from '../../workload/port.ts';

/**
 * The packet that asks this in a running lab. Throws `endpoint-unknown` for an end that has no address (yet).
 */
export function probeOf(cluster: Cluster, flow: Flow): Probe {
  const { protocol, port } = flow;
  if (protocol === 'other') {
    throw new WeftError('probe-invalid', 'nobody sends ICMP to ask a lab', {
      fault: 'input',
      hint: 'weft explain and weft test -f say what policies and routes make of it',
    });
  }
  const ends = addressesFor(cluster, flow);
  return { ...senderOf(cluster, flow, ends.source), protocol, address: ends.destination, port };
}

/** Without a family in common the packet is sent all the same: the sender's kernel says that there is no way. */
function addressesFor(cluster: Cluster, flow: Flow): AddressPair {
  const { source, destination } = flow;
  for (const end of [source, destination]) if (end.kind === 'pod') requireAddress(cluster, end.key);
  const index = indexOf(cluster);
  const pair = addressPair(index, flow);
  if (!('nothing' in pair)) return pair;
  const [[from], [to]] = [addressesOf(index, source), addressesOf(index, destination)];
  if (from !== undefined && to !== undefined) return { source: from, destination: to };
  throw withoutAddress('key' in destination ? destination.key : 'the destination');
}

type Sender = Pick<Probe, 'netns' | 'sourceAddress'>;

/** From where an end sends: an address outside the cluster, from the machine that stands for all of them. */
function senderOf(cluster: Cluster, { source }: Flow, address: string): Sender {
  if (source.kind === 'node') return { netns: nodeNetns(source.name) };
  if (source.kind === 'pod') return { netns: podNetns(requireAddress(cluster, source.key)) };
  return machineCalled(cluster, source.machine) ?? whoHas(cluster, address);
}

/** A machine of a virtual network that is named: it chooses its address by its routes, as predicted. */
function machineCalled({ machines, config }: Cluster, name: string | undefined): Sender | undefined {
  const machine = name === undefined ? undefined : machines?.get(name);
  const isInNetwork = modelTraits[config.model].world === 'virtual-network';
  return machine === undefined || !isInNetwork ? undefined : { netns: machine.netns };
}

function whoHas(cluster: Cluster, address: string): Sender {
  for (const pod of cluster.pods.values()) {
    if (ownAddresses(pod).includes(address)) return { netns: podNetns(pod) };
  }
  for (const place of placesOf(cluster.nodes.values(), cluster.config.model).values()) {
    if (nodeAddresses(place).includes(address)) return { netns: nodeNetns(place.name) };
  }
  const machine = machineSender(cluster, address);
  if (machine !== undefined) return machine;
  if (families.some((family) => labAddressesOf[family].control === address)) {
    return { netns: machineNetns.control };
  }
  return { netns: machineNetns.internet, sourceAddress: address };
}

/** Asked for by its name, a machine with several interfaces takes the address of the one that it sends by. */
function machineSender({ machines = new Map() }: Cluster, address: string): Sender | undefined {
  for (const { addresses, netns } of machines.values()) {
    const [first] = addresses.filter((one) => familyOf(one) === familyOf(address));
    if (addresses.includes(address)) return { netns, ...(first !== address && { sourceAddress: address }) };
  }
  return undefined;
}

/** Pin's name of the namespace a pod is in. */
export function podNetns({ spec, metadata }: Pod): string {
  return spec.hostNetwork === true ? nodeNetns(spec.nodeName ?? '') : `pod-${metadata.uid ?? ''}`;
}

function requireAddress({ pods }: Cluster, key: string): Pod {
  const pod = pods.get(key);
  if (pod === undefined) {
    throw new WeftError('endpoint-unknown', `there is no Pod ${key}`, { fault: 'input' });
  }
  if (pod.status?.podIP === undefined) throw withoutAddress(key);
  return pod;
}

function withoutAddress(what: string): WeftError {
  return new WeftError('endpoint-unknown', `${what} has no address (yet)`, {
    fault: 'input',
    hint: 'see weft status',
  });
}
