import type { Site, VirtualMachine } from '../../api/types/fabric.ts';
import { virtualMachineNetns } from './network/machine-interfaces.ts';
import { siteNetns } from './network/network-fabric.ts';
import { siteAddress } from './network/sites.ts';

/** A machine of the fabric that is no node, as an end of connections. */
export interface MachineEnd {
  /** The first one is the one it is asked at. */
  readonly addresses: readonly string[];
  /** Pin's name of its namespace. */
  readonly netns: string;
}

/**
 * The machines that people name as ends, by `vm:NAME` and `site:NAME`. The addresses of a virtual machine are those that
 * its status tells, or that it asks for as long as nobody has told; one that has none yet is left out, and so is the machine of
 * a node, which is named as `node:NAME`.
 */
export function machineEnds(
  machines: Iterable<VirtualMachine>,
  sites: Iterable<Site>,
  nodes: { has(name: string): boolean },
): Map<string, MachineEnd> {
  const ends = new Map<string, MachineEnd>();
  for (const { metadata, spec, status } of machines) {
    const addresses = [...(status?.interfaces ?? []), ...spec.interfaces].flatMap(
      (one) => one.addresses ?? [],
    );
    const bare = [...new Set(addresses.map((address) => address.replace(/\/.*$/, '')))];
    const end = { addresses: bare, netns: virtualMachineNetns(metadata.name) };
    if (bare.length > 0 && !nodes.has(metadata.name)) ends.set(`vm:${metadata.name}`, end);
  }
  for (const site of sites) {
    const { name } = site.metadata;
    ends.set(`site:${name}`, { addresses: [siteAddress(site)], netns: siteNetns(name) });
  }
  return ends;
}
