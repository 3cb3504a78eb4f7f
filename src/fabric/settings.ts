import type { Sysctl } from '../kernel/sysctl/port.ts';
import type { Family } from '../lib/address.ts';
import { segmentNetns } from '../model/fabric/default-fabric.ts';
import type { Machine } from '../model/fabric/machines.ts';
import { firstFrameKey, framesAlone, labSysctls, machineSysctls } from '../plan/sysctls.ts';

/** Kernel settings of the fabric's namespaces. */
export interface Settings {
  /** Writes a machine's where they are not what was written last: a machine may come to forward. */
  ofMachine(machine: Machine, families: readonly Family[]): void;
  /** Writes those of a segment's switch. */
  ofSwitch(segment: string): void;
  /** What was written may be gone, in one namespace or in all. */
  forget(netns?: string): void;
}

export function createSettings(sysctl: Sysctl): Settings {
  /** As written, by pin. */
  const written = new Map<string, string>();
  return {
    ofMachine(machine, families) {
      const values = { ...labSysctls(families), ...machineSysctls(machine, families) };
      const text = JSON.stringify(values);
      if (written.get(machine.netns) === text) return;
      sysctl.write(machine.netns, values);
      written.set(machine.netns, text);
    },
    // It has no addresses of its own and must not run its frames through the machine's packet filter.
    ofSwitch(segment) {
      const netns = segmentNetns(segment);
      sysctl.write(netns, labSysctls([]));
      if (sysctl.read(netns, firstFrameKey) !== undefined) sysctl.write(netns, framesAlone);
    },
    forget(netns) {
      if (netns === undefined) written.clear();
      else written.delete(netns);
    },
  };
}
