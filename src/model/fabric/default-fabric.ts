import { labAddresses } from '../network/lab-addresses.ts';
import type { NodePlace } from '../network/topology.ts';
import type { Fabric, Machine } from './machines.ts';

/** Pin's name of the namespace of a node's machine. */
export function nodeNetns(node: string): string {
  return `node-${node}`;
}

/** Pins of the machines that are no nodes. */
export const machineNetns = { router: 'router', internet: 'internet', control: 'control' } as const;

const nodeSegment = 'default';
const internetSegment = 'internet';
const bitsOf = (prefix: string): string => prefix.slice(prefix.indexOf('/'));
const onSegment = (address: string): string => address + bitsOf(labAddresses.segment);

/**
 * The fabric of a lab that describes none: all nodes and the API server's machine on one segment, a router, and
 * behind it a machine that stands for the internet. It knows the way to the nodes but carries no private
 * addresses, so that pods and cluster addresses cannot be reached from there.
 */
export function defaultFabric(nodes: Iterable<NodePlace>): Fabric {
  return {
    segments: [{ name: nodeSegment }, { name: internetSegment }],
    machines: [router, internet, control, ...[...nodes].map(nodeMachine)],
  };
}

function nodeMachine(node: NodePlace): Machine {
  return {
    name: node.name,
    netns: nodeNetns(node.name),
    interfaces: [{ name: 'eth0', segment: nodeSegment, address: onSegment(node.address) }],
    routes: [{ destination: '0.0.0.0/0', via: labAddresses.router }],
    forwards: true,
  };
}

const router: Machine = {
  name: 'router',
  netns: machineNetns.router,
  interfaces: [
    { name: 'eth0', segment: nodeSegment, address: onSegment(labAddresses.router) },
    {
      name: 'eth1',
      segment: internetSegment,
      address: labAddresses.internetRouter + bitsOf(labAddresses.internetSegment),
    },
  ],
  routes: [{ destination: '0.0.0.0/0', via: labAddresses.internet }],
  forwards: true,
};

const internet: Machine = {
  name: 'internet',
  netns: machineNetns.internet,
  interfaces: [
    {
      name: 'eth0',
      segment: internetSegment,
      address: labAddresses.internet + bitsOf(labAddresses.internetSegment),
    },
  ],
  routes: [
    { destination: labAddresses.segment, via: labAddresses.internetRouter },
    // RFC 1918: nobody on the internet has a way to these.
    { destination: '10.0.0.0/8', via: 'unreachable' },
    { destination: '172.16.0.0/12', via: 'unreachable' },
    { destination: '192.168.0.0/16', via: 'unreachable' },
  ],
  answersForAll: true,
};

const control: Machine = {
  name: 'control',
  netns: machineNetns.control,
  interfaces: [{ name: 'eth0', segment: nodeSegment, address: onSegment(labAddresses.control) }],
  routes: [{ destination: '0.0.0.0/0', via: labAddresses.router }],
};
