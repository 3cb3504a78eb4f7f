import { parseAttributes } from '../netlink/attributes.ts';
import { NLM_F_ACK_TLVS, NLM_F_CAPPED, messageHeaderSize, type NetlinkMessage } from '../netlink/message.ts';

const NLMSGERR_ATTR_OFFS = 2;

/**
 * Where in the request the attribute is that an error is about, in bytes from the start of the request's header.
 * Undefined when the kernel does not say, or repeats the whole request (the socket lacks NETLINK_CAP_ACK).
 * Throws `netlink-malformed`.
 */
export function errorOffset({ flags, payload }: NetlinkMessage): number | undefined {
  const wanted = NLM_F_ACK_TLVS | NLM_F_CAPPED;
  if ((flags & wanted) !== wanted) return undefined;
  return parseAttributes(payload.subarray(4 + messageHeaderSize)).u32(NLMSGERR_ATTR_OFFS);
}
