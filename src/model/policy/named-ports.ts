import type { PortName } from './compile.ts';
import type { PodFacts } from './port.ts';
import type { PortSet } from './port-set.ts';

/** The number that a pod gives to a port name of a protocol; undefined when it has no such port. */
export function resolvePort(facts: PodFacts, { protocol, name }: PortName): number | undefined {
  return facts.namedPorts.find((port) => port.name === name && port.protocol === protocol)?.port;
}

/** A resolved name as a set of ports: one port, or none. */
export function portSetOf({ protocol }: PortName, port: number | undefined): PortSet {
  return port === undefined ? [] : [{ protocol, first: port, last: port }];
}
