import { doorDescriptor } from '../kernel/door/door.ts';
import { doorVariable } from '../lab/door.ts';

/** The door that this process was started with, to be handed to those it starts; undefined in a lab of root. */
export function ownDoor(): number | undefined {
  return process.env[doorVariable] === undefined ? undefined : doorDescriptor;
}
