import type { NetworkSecurityGroup } from '../../../api/types/fabric.ts';
import type { Direction } from './security.ts';
import { subnetOf, type NetworkInterface, type NetworkWorld } from './world.ts';

/** A security group that has a say about what an interface sends or is sent. */
export interface Judge {
  readonly group: NetworkSecurityGroup;
  /** What the group is set for. */
  readonly of: 'interface' | 'subnet';
}

/**
 * The groups that judge an interface's new flows of one direction, in the order in which they are asked: its own first for
 * what it sends, its subnet's first for what it is sent. All must allow. A group that is named and does not exist has no say.
 */
export function judgesOf(world: NetworkWorld, one: NetworkInterface, direction: Direction): Judge[] {
  const ofSubnet = subnetOf(world, one.network, one.subnet)?.networkSecurityGroup;
  const judge = (of: Judge['of'], name: string | undefined): Judge[] => {
    const group = name === undefined ? undefined : world.securityGroups.get(name);
    return group === undefined ? [] : [{ group, of }];
  };
  const both = [judge('interface', one.securityGroup), judge('subnet', ofSubnet)];
  return (direction === 'Outbound' ? both : both.toReversed()).flat();
}
