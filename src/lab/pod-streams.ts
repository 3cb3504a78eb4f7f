import type { Socket } from 'node:net';
import { podNetns } from '../agent/pod-life.ts';
import type { PodPlace, PodStreams } from '../apiserver/streaming/port.ts';
import { rpcUpgrade, streamUrl } from '../lib/rpc-upgrade.ts';
import { nodeNetns } from '../model/fabric/default-fabric.ts';

/** Where a program that listens inside a pod is asked for: on its loopback, whichever family that has. */
const loopback = ['127.0.0.1', '::1'];

/** The way into the pods of a lab: its holder, asked on its socket (see `workload/streams/port.ts`). */
export function createPodStreams(holderSocket: string): PodStreams {
  const open = (path: string, query: Parameters<typeof streamUrl>[1]): Promise<Socket> =>
    rpcUpgrade(holderSocket, streamUrl(path, query));
  return {
    exec: (pod, { command, terminal }) =>
      open(`/namespaces/${netnsOf(pod)}/exec`, { uid: pod.uid, host: pod.name, terminal, command }),
    connect: (pod, port) => open(`/namespaces/${netnsOf(pod)}/connect`, { port, address: loopback }),
    dial: (node, { address, port }) =>
      open(`/namespaces/${nodeNetns(node)}/connect`, { port, address: [address] }),
    log: ({ uid }, { ports, ...wanted }) =>
      open(`/pods/${encodeURIComponent(uid)}/log`, { ...wanted, ports: ports?.join() }),
  };
}

function netnsOf({ uid, node, hostNetwork }: PodPlace): string {
  return hostNetwork ? nodeNetns(node) : podNetns(uid);
}
