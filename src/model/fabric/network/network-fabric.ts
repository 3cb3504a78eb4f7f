import type { Family } from '../../../lib/address.ts';
import { labAddresses, publicLoadBalancers } from '../../network/lab-addresses.ts';
import { internetMachine, internetSegment, machineNetns } from '../default-fabric.ts';
import type { Fabric, Machine } from '../machines.ts';
import { publicRange } from './outbound.ts';
import type { NetworkWorld } from './world.ts';

/** Only IPv4 is spoken in virtual networks here. */
const families: readonly Family[] = ['IPv4'];

/** Pin's name of the namespace of the machine of a Site. */
export function siteNetns(site: string): string {
  return `site-${site}`;
}

/**
 * The fabric whose nodes are machines of virtual networks. Between all interfaces forwards one machine, `networks`,
 * which is none of their neighbours: to them it looks as if every address were at the other end of their cable.
 */
export function networkFabric(world: NetworkWorld): Fabric {
  const { internetSegment: range, internetRouter, internet } = labAddresses;
  const length = range.slice(range.indexOf('/'));
  const forwarder: Machine = {
    name: machineNetns.networks,
    netns: machineNetns.networks,
    interfaces: [{ name: 'internet', segment: internetSegment, addresses: [internetRouter + length] }],
    // Without a mark no packet gets this far. That there is a way to everybody makes the kernel answer every ARP request.
    routes: [{ destination: '0.0.0.0/0', via: internet }],
    forwards: true,
    answersArpForAll: true,
  };
  return {
    families,
    segments: [{ name: internetSegment }],
    machines: [
      forwarder,
      // Networks that know nothing of each other meet out there.
      { ...internetMachine(families, [publicRange, publicLoadBalancers]), forwards: true },
      bare({ name: machineNetns.services, netns: machineNetns.services, forwards: false }),
      ...world.sites.map(({ metadata: { name } }) =>
        bare({ name: `site-${name}`, netns: siteNetns(name), forwards: false }),
      ),
      ...machinesOf(world),
    ],
    networks: world,
  };
}

/** One for each namespace that has interfaces. Nodes forward for their pods, whatever the network lets through. */
function machinesOf({ interfaces }: NetworkWorld): Machine[] {
  const byNetns = Map.groupBy(interfaces, ({ netns }) => netns);
  return [...byNetns].map(([netns, own]) => {
    const isNode = own.some(({ id }) => id.startsWith('node:'));
    return bare({
      name: own[0]?.machine ?? netns,
      netns,
      forwards: isNode || own.some((one) => one.forwards),
      masquerades: own.filter((one) => one.masquerades === true).map(({ name }) => name),
    });
  });
}

function bare(machine: Pick<Machine, 'name' | 'netns' | 'forwards' | 'masquerades'>): Machine {
  return { ...machine, interfaces: [], routes: [] };
}
