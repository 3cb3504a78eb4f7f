import { NLM_F_REQUEST, type NetlinkMessage } from '../netlink/message.ts';
import { MessageWriter } from '../netlink/writer.ts';
import {
  beginNetfilter,
  netfilterType,
  NFNL_SUBSYS_NFTABLES,
  NFPROTO_UNSPEC,
  parseNetfilter,
} from './header.ts';

const NFT_MSG_NEWGEN = 15;
const NFT_MSG_GETGEN = 16;
const NFTA_GEN_ID = 1;
const NFTA_GEN_PROC_PID = 2;

/** Asks for the generation of the ruleset. The answer tells who asked, as the kernel counts processes. */
export function encodeGenerationRequest(sequence: number): Buffer {
  const writer = new MessageWriter(64);
  const type = netfilterType(NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN);
  beginNetfilter(writer, { type, flags: NLM_F_REQUEST, sequence, family: NFPROTO_UNSPEC });
  writer.end();
  return writer.finish();
}

/** The process a generation message names; undefined for other messages. Throws `netlink-malformed`. */
export function parseGenerationProcess(message: NetlinkMessage): number | undefined {
  return parseGenerationNumber(message, NFTA_GEN_PROC_PID);
}

/** The generation that it tells of; undefined for other messages. Throws `netlink-malformed`. */
export function parseGeneration(message: NetlinkMessage): number | undefined {
  return parseGenerationNumber(message, NFTA_GEN_ID);
}

function parseGenerationNumber(message: NetlinkMessage, attribute: number): number | undefined {
  if (message.type !== netfilterType(NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWGEN)) return undefined;
  return parseNetfilter(message).attributes.u32BE(attribute);
}
