import type { Socket } from 'node:net';
import { podNetns } from '../agent/pods/pod-netns.ts';
import type { PodPlace, PodStreams } from '../apiserver/streaming/port.ts';
import { rpcUpgrade, streamUrl } from '../lib/rpc-upgrade.ts';
import { nodeNetns } from '../model/fabric/default-fabric.ts';

/** Where a program that listens inside a pod is asked for: on its loopback, whichever family that has. */
export const loopback = ['127.0.0.1', '::1'];

/** Where a connection into a lab begins, and where it leads. */
export interface WayInside {
  /** Pin's name of the namespace of a pod or node. */
  readonly netns: string;
  /** Literal ones, tried in this order. */
  readonly addresses: readonly string[];
  readonly port: number;
}

/**
 * A TCP connection from inside a lab, which its holder makes. Rejects with `stream-refused` and the kernel's reason, with
 * `netns-missing`, and as `rpcUpgrade`.
 */
export function connectInside(holderSocket: string, { netns, addresses, port }: WayInside): Promise<Socket> {
  return rpcUpgrade(holderSocket, streamUrl(`/namespaces/${netns}/connect`, { port, address: addresses }));
}

/** The way into the pods of a lab: its holder, asked on its socket (see `workload/streams/port.ts`). */
export function createPodStreams(holderSocket: string): PodStreams {
  const open = (path: string, query: Parameters<typeof streamUrl>[1]): Promise<Socket> =>
    rpcUpgrade(holderSocket, streamUrl(path, query));
  return {
    exec: (pod, { command, terminal }) =>
      open(`/namespaces/${netnsOf(pod)}/exec`, { uid: pod.uid, host: pod.name, terminal, command }),
    connect: (pod, port) => connectInside(holderSocket, { netns: netnsOf(pod), addresses: loopback, port }),
    dial: (node, { address, port }) =>
      connectInside(holderSocket, { netns: nodeNetns(node), addresses: [address], port }),
    log: ({ uid }, { ports, ...wanted }) =>
      open(`/pods/${encodeURIComponent(uid)}/log`, { ...wanted, ports: ports?.join() }),
  };
}

function netnsOf({ uid, node, hostNetwork }: PodPlace): string {
  return hostNetwork ? nodeNetns(node) : podNetns(uid);
}
