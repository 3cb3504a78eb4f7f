import { NLM_F_DUMP, NLM_F_REQUEST, type NetlinkMessage } from '../netlink/message.ts';
import { malformed } from '../netlink/bytes.ts';
import { MessageWriter } from '../netlink/writer.ts';
import { beginNetfilter, netfilterType, NFNL_SUBSYS_NFTABLES, parseNetfilter } from './header.ts';
import { NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE } from './set-element.ts';

const NFT_MSG_GETTABLE = 1;
const NFT_MSG_GETRULE = 7;
const NFT_MSG_GETSETELEM = 13;
const NFTA_TABLE_NAME = 1;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_EXPRESSIONS = 4;

/** Asks for all elements of a set; the answers are read with `parseElements`. */
export function encodeElementDump(
  { family, table, set }: { readonly family: number; readonly table: string; readonly set: string },
  sequence: number,
): Buffer {
  const writer = new MessageWriter(512);
  const type = netfilterType(NFNL_SUBSYS_NFTABLES, NFT_MSG_GETSETELEM);
  beginNetfilter(writer, { type, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence, family });
  writer.string(NFTA_SET_ELEM_LIST_TABLE, table);
  writer.string(NFTA_SET_ELEM_LIST_SET, set);
  writer.end();
  return writer.finish();
}

/** Asks for all tables of a family (NFPROTO_*). */
export function encodeTableDump(family: number, sequence: number): Buffer {
  const writer = new MessageWriter(64);
  const type = netfilterType(NFNL_SUBSYS_NFTABLES, NFT_MSG_GETTABLE);
  beginNetfilter(writer, { type, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence, family });
  writer.end();
  return writer.finish();
}

/** Name of the table in one message of a table dump. Throws `netlink-malformed`. */
export function parseTableName(message: NetlinkMessage): string | undefined {
  return parseNetfilter(message).attributes.string(NFTA_TABLE_NAME);
}

/** Asks for all rules of a table; the answers are read with `parseRule`. */
export function encodeRuleDump(
  { family, table }: { readonly family: number; readonly table: string },
  sequence: number,
): Buffer {
  const writer = new MessageWriter(512);
  const type = netfilterType(NFNL_SUBSYS_NFTABLES, NFT_MSG_GETRULE);
  beginNetfilter(writer, { type, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence, family });
  writer.string(NFTA_RULE_TABLE, table);
  writer.end();
  return writer.finish();
}

/** A rule as the kernel has it, without its number, which every rule gets anew. */
export interface DumpedRule {
  readonly table: string;
  readonly chain: string;
  /** The kernel's own encoding, the same for equal rules that keep no state. */
  readonly expressions: Buffer;
}

/** The rule in one message of a rule dump. Throws `netlink-malformed`. */
export function parseRule(message: NetlinkMessage): DumpedRule {
  const { attributes } = parseNetfilter(message);
  const [table, chain] = [attributes.string(NFTA_RULE_TABLE), attributes.string(NFTA_RULE_CHAIN)];
  if (table === undefined || chain === undefined) throw malformed('a rule without table or chain');
  return { table, chain, expressions: attributes.bytes(NFTA_RULE_EXPRESSIONS) ?? Buffer.alloc(0) };
}
