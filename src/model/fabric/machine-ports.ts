import type { Protocol } from '../../api/types/meta.ts';

/** A port at which a machine of the fabric answers. */
export interface MachinePort {
  readonly protocol: Protocol;
  readonly port: number;
}

type Declared = readonly { readonly port: number; readonly protocol?: Protocol }[];

/** What a machine answers at that says nothing of ports. */
const usualPorts: Declared = [{ port: 80 }, { port: 443 }];

/** The ports at which machines answer that declare these, each once. */
export function machinePorts(declared: readonly (Declared | undefined)[]): MachinePort[] {
  const all = declared.flatMap((ports = usualPorts) =>
    ports.map(({ port, protocol = 'TCP' }) => ({ port, protocol })),
  );
  return [...new Map(all.map((one) => [`${one.protocol} ${one.port}`, one])).values()];
}
