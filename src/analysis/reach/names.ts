import { nameableWithin } from '../../model/policy/nameable.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import { noPorts, portSetKey, unionPorts, type PortSet } from '../../model/policy/port-set.ts';
import type { NetworkConfig } from '../../model/network/config.ts';

/** What several pods may open towards a domain name, wherever it leads. */
export interface NameRow {
  /** As rules write it, in lower case: `api.example.com` or `*.example.com`. */
  readonly name: string;
  readonly ports: PortSet;
  /** On what it depends, where it does. */
  readonly why: string | undefined;
}

/** The domain names that egress rules of these policies open, by name; only what is not open to everybody anyway. */
export function createNameRows(config: NetworkConfig): (policies: readonly DirectionPolicy[]) => NameRow[] {
  const isNameable = nameableWithin(config);
  return (policies) => {
    const openings = [...new Set(policies)].map(
      ({ verdicts }) => verdicts?.otherwise.stem.towardsNames(isNameable) ?? new Map<string, never>(),
    );
    const names = [...new Set(openings.flatMap((of) => [...of.keys()]))].sort();
    return names.map((name) => {
      const found = openings.map((of) => of.get(name));
      const ports = found.map((one) => one?.ports ?? noPorts);
      const isAgreed = new Set(ports.map(portSetKey)).size === 1;
      const isEverywhere = found.every((one) => one === undefined || one.isEverywhere);
      const why = !isAgreed
        ? 'it depends on the pod: not all of them have the same ports open to the name'
        : isEverywhere
          ? undefined
          : 'it depends on where the name leads: a rule before denies some addresses';
      return { name, ports: ports.reduce(unionPorts, noPorts), why };
    });
  };
}
