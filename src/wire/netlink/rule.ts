import type { Family } from '../../lib/address.ts';
import { parseAttributes } from './attributes.ts';
import { malformed } from './bytes.ts';
import { addressFamily } from './family.ts';
import type { NetlinkMessage } from './message.ts';
import { NLM_F_DUMP, NLM_F_REQUEST } from './message.ts';
import { acknowledged, createOnly } from './request.ts';
import type { MessageWriter } from './writer.ts';

const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;
const RTM_GETRULE = 34;

/*
 * struct fib_rule_hdr (linux/fib_rules.h)
 *    0      1        2        3     4       5    6    7        8       12
 *   +------+--------+--------+-----+-------+----+----+--------+-------+
 *   |family|dst bits|src bits| tos | table |    |    | action | flags |
 *   +------+--------+--------+-----+-------+----+----+--------+-------+
 */
const headerSize = 12;

const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FRA_PROTOCOL = 21;
const FR_ACT_TO_TBL = 1;
const RTPROT_STATIC = 4;
const everyBit = 0xffff_ffff;

/** Packets of a family that have this mark are looked up in this table; the lowest priority is asked first. */
export interface KernelRule {
  readonly family: Family;
  readonly priority: number;
  readonly mark: number;
  /** The bits of the mark that count; all when absent. */
  readonly mask?: number;
  readonly table: number;
}

/** Adds a rule. EEXIST when there is the same one. */
export function writeNewRule(writer: MessageWriter, sequence: number, rule: KernelRule): void {
  write(writer, { type: RTM_NEWRULE, flags: createOnly, sequence }, rule);
}

/** Deletes this rule. ENOENT when there is none. */
export function writeDeleteRule(writer: MessageWriter, sequence: number, rule: KernelRule): void {
  write(writer, { type: RTM_DELRULE, flags: acknowledged, sequence }, rule);
}

/** Asks for the rules of one family. */
export function writeGetRules(writer: MessageWriter, sequence: number, family: Family): void {
  const header = Buffer.alloc(headerSize);
  header.writeUInt8(addressFamily[family], 0);
  writer.begin({ type: RTM_GETRULE, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence });
  writer.bytes(header);
  writer.end();
}

function write(
  writer: MessageWriter,
  start: { readonly type: number; readonly flags: number; readonly sequence: number },
  { family, priority, mark, mask = everyBit, table }: KernelRule,
): void {
  const header = Buffer.alloc(headerSize);
  header.writeUInt8(addressFamily[family], 0);
  header.writeUInt8(FR_ACT_TO_TBL, 7);
  writer.begin(start);
  writer.bytes(header);
  writer.u32(FRA_PRIORITY, priority);
  writer.u32(FRA_FWMARK, mark);
  writer.u32(FRA_FWMASK, mask);
  writer.u32(FRA_TABLE, table);
  writer.u8(FRA_PROTOCOL, RTPROT_STATIC);
  writer.end();
}

/**
 * Reads RTM_NEWRULE. Undefined for any other message, and for rules that Weft did not make: the kernel's own, and those
 * that look at anything but a mark. Throws `netlink-malformed`.
 */
export function readRule(message: NetlinkMessage): KernelRule | undefined {
  if (message.type !== RTM_NEWRULE) return undefined;
  const { payload } = message;
  if (payload.length < headerSize) throw malformed('rule without its header');
  const family = (['IPv4', 'IPv6'] as const).find((one) => addressFamily[one] === payload.readUInt8(0));
  const attributes = parseAttributes(payload.subarray(headerSize));
  const [priority, mark] = [attributes.u32(FRA_PRIORITY), attributes.u32(FRA_FWMARK)];
  const table = attributes.u32(FRA_TABLE) ?? payload.readUInt8(4);
  const isOwn =
    payload.readUInt8(7) === FR_ACT_TO_TBL && attributes.bytes(FRA_PROTOCOL)?.[0] === RTPROT_STATIC;
  if (!isOwn || family === undefined || priority === undefined || mark === undefined) return undefined;
  const mask = attributes.u32(FRA_FWMASK) ?? everyBit;
  return { family, priority, mark, ...(mask !== everyBit && { mask }), table };
}
