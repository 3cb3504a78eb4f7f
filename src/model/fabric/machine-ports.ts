import type { MachinePort } from '../../api/types/fabric.ts';
import type { Protocol } from '../../api/types/meta.ts';

/** A port at which a machine of the fabric answers. */
export interface AnsweredPort {
  readonly protocol: Protocol;
  readonly port: number;
  /** Who answers instead: connections are passed on. */
  readonly forwardTo?: NonNullable<MachinePort['forwardTo']>;
}

type Declared = readonly MachinePort[];

/** What a machine answers at that says nothing of ports. */
const usualPorts: Declared = [{ port: 80 }, { port: 443 }];

/** The ports at which machines answer that declare these, each once. */
export function machinePorts(declared: readonly (Declared | undefined)[]): AnsweredPort[] {
  const all = declared.flatMap((ports = usualPorts) =>
    ports.map(({ protocol = 'TCP', ...port }): AnsweredPort => ({ ...port, protocol })),
  );
  return [...new Map(all.map((one) => [`${one.protocol} ${one.port}`, one])).values()];
}
