import { addressOf, libc, syscall } from '../libc.ts';
import { SOL_SOCKET } from '../libc-constants.ts';

/** One instruction of classic BPF (linux/filter.h); a test without `ifSo` or `ifNot` goes on with the next step. */
export type Step = { readonly label?: string } & (
  | { readonly load: 'byte' | 'word'; readonly at: number }
  | { readonly equals: number; readonly ifSo?: string; readonly ifNot?: string }
  | { readonly hasBit: number; readonly ifSo?: string; readonly ifNot?: string }
);

const LOAD = { byte: 0x30, word: 0x20 } as const;
const JUMP_EQUAL = 0x15;
const JUMP_SET = 0x45;
const RETURN = 0x06;
const instructionSize = 8;

/**
 * The program of these steps, as struct sock_filter: code, jump if true, jump if false (both counted from the next
 * instruction), operand. Jumps go forward to labels; `take` and `drop` are there.
 */
export function assemble(steps: readonly Step[]): Buffer {
  const labels = new Map([
    ['take', steps.length],
    ['drop', steps.length + 1],
  ]);
  for (const [index, { label }] of steps.entries()) if (label !== undefined) labels.set(label, index);
  const code = Buffer.alloc((steps.length + 2) * instructionSize);
  const write = (
    index: number,
    [operation, yes, no, operand]: readonly [number, number, number, number],
  ): void => {
    const at = index * instructionSize;
    code.writeUInt16LE(operation, at);
    code.writeUInt8(yes, at + 2);
    code.writeUInt8(no, at + 3);
    code.writeUInt32LE(operand, at + 4);
  };
  for (const [index, step] of steps.entries()) {
    const jump = (label: string | undefined): number => {
      const target = label === undefined ? index + 1 : labels.get(label);
      if (target === undefined) throw new Error(`no step is labelled ${label ?? ''}`);
      return target - index - 1;
    };
    if ('load' in step) write(index, [LOAD[step.load], 0, 0, step.at]);
    else if ('equals' in step) write(index, [JUMP_EQUAL, jump(step.ifSo), jump(step.ifNot), step.equals]);
    else write(index, [JUMP_SET, jump(step.ifSo), jump(step.ifNot), step.hasBit]);
  }
  write(steps.length, [RETURN, 0, 0, 0xffff_ffff]);
  write(steps.length + 1, [RETURN, 0, 0, 0]);
  return code;
}

const SO_ATTACH_FILTER = 26;

/** Attaches a program to a socket: what it drops is never queued. Throws `SyscallError`. */
export function attachFilter(fd: number, code: Buffer): void {
  // struct sock_fprog (linux/filter.h): how many instructions, and behind padding where they are.
  const program = Buffer.alloc(16);
  program.writeUInt16LE(code.length / instructionSize);
  program.writeBigUInt64LE(addressOf(code), 8);
  syscall('setsockopt', () => libc().setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, program.length));
  // The kernel has copied the program; until here it must not move or go.
  code.fill(0);
}
