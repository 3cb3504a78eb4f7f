import type { Flow, FlowEnd } from '../../analysis/flow.ts';
import type { Pod } from '../../api/types/core.ts';
import { WeftError } from '../../lib/errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import { machineNetns, nodeNetns } from '../../model/fabric/default-fabric.ts';
import { labAddresses } from '../../model/network/lab-addresses.ts';
import { placeOf } from '../../model/network/places.ts';
import type { Probe } from '../../workload/port.ts';

/**
 * The packet that asks this in a running lab. Throws `protocol-unavailable` for SCTP, `endpoint-unknown` for an end
 * that has no address (yet).
 */
export function probeOf(cluster: Cluster, { source, destination, protocol, port }: Flow): Probe {
  if (protocol === 'SCTP') {
    throw new WeftError('protocol-unavailable', 'SCTP cannot be sent yet', {
      fault: 'input',
      hint: 'weft explain predicts it',
    });
  }
  return { ...senderOf(cluster, source), protocol, address: addressOf(cluster, destination), port };
}

type Sender = Pick<Probe, 'netns' | 'sourceAddress'>;

/** From where an end sends: an address outside the cluster, from the machine that stands for all of them. */
function senderOf(cluster: Cluster, end: FlowEnd): Sender {
  if (end.kind === 'node') return { netns: nodeNetns(end.name) };
  if (end.kind === 'pod') return { netns: podNetns(requirePod(cluster, end.key)) };
  const { address } = end;
  for (const pod of cluster.pods.values()) {
    if (pod.spec.hostNetwork !== true && pod.status?.podIP === address) return { netns: podNetns(pod) };
  }
  for (const node of cluster.nodes.values()) {
    const place = placeOf(node);
    if (place?.address === address) return { netns: nodeNetns(place.name) };
  }
  if (address === labAddresses.control) return { netns: machineNetns.control };
  return { netns: machineNetns.internet, sourceAddress: address };
}

/** Pin's name of the namespace a pod is in. */
export function podNetns({ spec, metadata }: Pod): string {
  return spec.hostNetwork === true ? nodeNetns(spec.nodeName ?? '') : `pod-${metadata.uid ?? ''}`;
}

function addressOf(cluster: Cluster, end: Flow['destination']): string {
  if (end.kind === 'address') return end.address;
  const address =
    end.kind === 'pod'
      ? requirePod(cluster, end.key).status?.podIP
      : end.kind === 'node'
        ? nodeAddress(cluster, end.name)
        : cluster.services.get(end.key)?.spec.clusterIP;
  if (address !== undefined && address !== 'None' && address !== '') return address;
  throw new WeftError('endpoint-unknown', `${'key' in end ? end.key : end.name} has no address (yet)`, {
    fault: 'input',
    hint: 'see weft status',
  });
}

function nodeAddress(cluster: Cluster, name: string): string | undefined {
  const node = cluster.nodes.get(name);
  return node === undefined ? undefined : placeOf(node)?.address;
}

function requirePod(cluster: Cluster, key: string): Pod {
  const pod = cluster.pods.get(key);
  if (pod !== undefined) return pod;
  throw new WeftError('endpoint-unknown', `there is no Pod ${key}`, { fault: 'input' });
}
