import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import { fabricObject } from '../../support/networks.ts';
import { randomFrom } from '../../support/random.ts';

/** Random virtual networks with everything that decides about packets in them; the same for the same seed. */
export function generateNetworks(seed: number): readonly KubernetesObject[] {
  const below = randomFrom(seed);
  const dice: Dice = {
    below,
    one: (list) => list[below(list.length)] ?? list[0],
    some: (list, most) => Array.from({ length: below(most + 1) }, () => list[below(list.length)] ?? list[0]),
    isLucky: (percent) => below(100) < percent,
  };
  const names = networkNames.slice(0, 2 + below(3));
  const machines = names.flatMap((network, index) =>
    Array.from({ length: 1 + below(3) }, (_, number) => machineOf(dice, { network, index, number })),
  );
  return [
    ...names.map((name, index) => networkOf(dice, name, index)),
    ...peeringsOf(dice, names),
    ...sitesOf(dice, names),
    ...tables.map((name) => tableOf(dice, name)),
    ...groups.map((name) => groupOf(dice, name)),
    fabricObject('Internet', 'default', { services: [{ name: 'store', prefixes: ['192.0.2.0/26'] }] }),
    ...machines,
  ];
}

interface Dice {
  readonly below: (limit: number) => number;
  readonly one: <T>(list: readonly [T, ...T[]]) => T;
  readonly some: <T>(list: readonly [T, ...T[]], most: number) => T[];
  readonly isLucky: (percent: number) => boolean;
}

/** The last one has the addresses of the first, and no peers. */
const networkNames = ['red', 'green', 'blue', 'twin'] as const;
const spaces = ['10.0', '10.1', '10.2', '10.0'] as const;
const tables = ['t0', 't1'] as const;
const groups = ['g0', 'g1'] as const;

function networkOf({ isLucky, one }: Dice, name: string, index: number): KubernetesObject {
  const space = spaces[index] ?? '10.9';
  return fabricObject('VirtualNetwork', name, {
    addressSpace: [`${space}.0.0/16`],
    subnets: [1, 2].map((number) => ({
      name: `s${number}`,
      prefix: `${space}.${number}.0/24`,
      ...(isLucky(45) && { routeTable: one(tables) }),
      ...(isLucky(30) && { networkSecurityGroup: one(groups) }),
      ...(isLucky(25) && { serviceEndpoints: ['store'] }),
    })),
  });
}

function peeringsOf({ isLucky }: Dice, names: readonly string[]): KubernetesObject[] {
  const able = names.filter((name) => name !== 'twin');
  return able.flatMap((hub, index) =>
    able.slice(index + 1).flatMap((spoke) => {
      if (!isLucky(65)) return [];
      const transit = isLucky(50) && { allowGatewayTransit: true, useRemoteGateways: true };
      return [
        fabricObject('VirtualNetworkPeering', `${hub}-${spoke}`, { networks: [hub, spoke], ...transit }),
      ];
    }),
  );
}

function sitesOf({ isLucky, one }: Dice, names: readonly string[]): KubernetesObject[] {
  const [first = 'red', ...others] = names.filter((name) => name !== 'twin');
  return ['office', 'plant'].flatMap((name, index) => {
    if (!isLucky(70 - 40 * index)) return [];
    const network = one([first, ...others]);
    const type = one(['vpn', 'expressRoute']);
    const prefixes = [`192.168.${index}.0/24`];
    // Without throwing dice: seeds mean the worlds that they meant.
    const routing = name === 'plant' && type === 'vpn' ? 'static' : 'bgp';
    return [fabricObject('Site', name, { prefixes, gateway: { network }, type, routing })];
  });
}

interface MachinePlace {
  readonly network: string;
  readonly index: number;
  readonly number: number;
}

function machineOf({ isLucky, one }: Dice, { network, index, number }: MachinePlace): KubernetesObject {
  const space = spaces[index] ?? '10.9';
  const nic = (name: string, subnet: number, last: number): object => ({
    name,
    network,
    subnet: `s${subnet}`,
    addresses: [`${space}.${subnet}.${last}`],
    enableIPForwarding: isLucky(40),
    masquerade: isLucky(20),
    ...(isLucky(20) && { networkSecurityGroup: one(groups) }),
  });
  const first = one([1, 2]);
  return fabricObject('VirtualMachine', `${network}-${number}`, {
    interfaces: [
      nic('eth0', first, 10 + number),
      ...(isLucky(25) ? [nic('eth1', 3 - first, 20 + number)] : []),
    ],
  });
}

const prefixes = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.0.0.0/16',
  '10.0.1.0/24',
  '10.0.2.0/24',
  '10.1.0.0/16',
  '10.1.1.0/24',
  '10.1.2.10/32',
  '10.2.0.0/16',
  '10.2.2.0/24',
  '192.168.0.0/24',
  '192.168.0.0/16',
  '192.0.2.0/24',
  '192.0.2.0/28',
  '198.51.100.0/24',
] as const;

const hops = [
  '10.0.1.10',
  '10.0.2.10',
  '10.0.1.11',
  '10.0.2.11',
  '10.1.1.10',
  '10.1.2.10',
  '10.2.1.10',
  '10.0.2.20',
  '10.0.1.99',
] as const;

const types = [
  'VirtualAppliance',
  'VirtualAppliance',
  'VirtualAppliance',
  'VNetLocal',
  'VirtualNetworkGateway',
  'Internet',
  'None',
] as const;

function tableOf({ below, one, isLucky }: Dice, name: string): KubernetesObject {
  const chosen = new Set(Array.from({ length: below(5) }, () => one(prefixes)));
  return fabricObject('RouteTable', name, {
    disableBgpRoutePropagation: isLucky(20),
    routes: [...chosen].map((prefix, index) => {
      const nextHopType = one(types);
      const hop = nextHopType === 'VirtualAppliance' && { nextHopAddress: one(hops) };
      return { name: `r${index}`, prefix, nextHopType, ...hop };
    }),
  });
}

const matches = [
  '*',
  'VirtualNetwork',
  'Internet',
  'store',
  '10.0.0.0/16',
  '10.0.1.0/24',
  '10.1.0.0/16',
  '10.0.1.10',
  '10.1.1.10',
  '192.168.0.0/16',
  '203.0.113.10',
] as const;

function groupOf({ below, one, some, isLucky }: Dice, name: string): KubernetesObject {
  const match = (): string[] | undefined => (isLucky(60) ? [one(matches), ...some(matches, 1)] : undefined);
  return fabricObject('NetworkSecurityGroup', name, {
    rules: Array.from({ length: below(4) }, (_, index) => ({
      name: `rule-${index}`,
      priority: 100 + 10 * index,
      direction: one(['Inbound', 'Outbound']),
      access: one(['Allow', 'Deny']),
      protocol: one(['Tcp', 'Udp', 'Any', 'Any']),
      sources: match(),
      destinations: match(),
      destinationPorts: isLucky(40) ? [one(['80', '81', '1-80', '*'])] : undefined,
    })),
  });
}
