import { addressOf, libc, syscall } from '../libc.ts';
import { SOL_SOCKET } from '../libc-constants.ts';

/**
 * One step of classic BPF (linux/filter.h), which is one instruction, and six for an attribute: its value, a word, is
 * looked for among the netlink attributes that begin at `from`. A test without `ifSo` or `ifNot` goes on with the next step. */
export type Step = { readonly label?: string } & (
  | { readonly load: 'byte' | 'word'; readonly at: number }
  | { readonly load: 'attribute'; readonly from: number; readonly type: number; readonly ifNone: string }
  | { readonly equals: number; readonly ifSo?: string; readonly ifNot?: string }
  | { readonly hasBit: number; readonly ifSo?: string; readonly ifNot?: string }
);

const LOAD = { byte: 0x30, word: 0x20 } as const;
const JUMP_EQUAL = 0x15;
const JUMP_SET = 0x45;
const RETURN = 0x06;
const LOAD_IMMEDIATE = 0x00;
const LOAD_INDEX_IMMEDIATE = 0x01;
const LOAD_WORD_AT_INDEX = 0x40;
const COPY_TO_INDEX = 0x07;
/** SKF_AD_OFF + SKF_AD_NLATTR: where the attribute with the index register's type is, searched from the accumulator. */
const FIND_ATTRIBUTE = -0x1000 + 12;
const attributeHeader = 4;
const instructionSize = 8;

/**
 * The program of these steps, as struct sock_filter: code, jump if true, jump if false (both counted from the next
 * instruction), operand. Jumps go forward to labels; `take` and `drop` are there.
 */
export function assemble(steps: readonly Step[]): Buffer {
  const starts = startsOf(steps);
  const [end = 0] = starts.slice(-1);
  const labels = new Map([
    ['take', end],
    ['drop', end + 1],
  ]);
  for (const [index, { label }] of steps.entries()) {
    const start = starts[index];
    if (label !== undefined && start !== undefined) labels.set(label, start);
  }
  const instructions = steps.flatMap((step, index) => {
    const from = starts[index] ?? 0;
    return instructionsOf(step, (label, after) => {
      if (label === undefined) return 0;
      const target = labels.get(label);
      if (target === undefined) throw new Error(`no step is labelled ${label}`);
      return target - (from + after) - 1;
    });
  });
  return encode([...instructions, [RETURN, 0, 0, 0xffff_ffff], [RETURN, 0, 0, 0]]);
}

/** Operation, jump if true, jump if false, operand. */
type Instruction = readonly [operation: number, yes: number, no: number, operand: number];

/** The first instruction of each step, and of what comes behind them all. */
function startsOf(steps: readonly Step[]): number[] {
  const starts = [0];
  for (const step of steps) {
    starts.push((starts.at(-1) ?? 0) + instructionsOf(step, () => 0).length);
  }
  return starts;
}

/** `jump` says how far it is to a label from the instruction of the step with this index. */
function instructionsOf(
  step: Step,
  jump: (label: string | undefined, after: number) => number,
): readonly Instruction[] {
  if ('from' in step) {
    return [
      [LOAD_INDEX_IMMEDIATE, 0, 0, step.type],
      [LOAD_IMMEDIATE, 0, 0, step.from],
      [LOAD.word, 0, 0, FIND_ATTRIBUTE],
      [JUMP_EQUAL, jump(step.ifNone, 3), 0, 0],
      [COPY_TO_INDEX, 0, 0, 0],
      [LOAD_WORD_AT_INDEX, 0, 0, attributeHeader],
    ];
  }
  if ('load' in step) return [[LOAD[step.load], 0, 0, step.at]];
  const [operation, operand] = 'equals' in step ? [JUMP_EQUAL, step.equals] : [JUMP_SET, step.hasBit];
  return [[operation, jump(step.ifSo, 0), jump(step.ifNot, 0), operand]];
}

function encode(instructions: readonly Instruction[]): Buffer {
  const code = Buffer.alloc(instructions.length * instructionSize);
  for (const [index, [operation, yes, no, operand]] of instructions.entries()) {
    const at = index * instructionSize;
    code.writeUInt16LE(operation, at);
    code.writeUInt8(yes, at + 2);
    code.writeUInt8(no, at + 3);
    code.writeUInt32LE(operand >>> 0, at + 4);
  }
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
