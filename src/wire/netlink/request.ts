import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST } from './message.ts';

/** Flags of a request that wants an acknowledgement; the kernel tries it whatever became of those before it. */
export const acknowledged = NLM_F_REQUEST | NLM_F_ACK;

/** Makes the object; EEXIST when there is one with the same key. */
export const createOnly = acknowledged | NLM_F_CREATE | NLM_F_EXCL;

/** Makes the object, in place of the one with the same key if there is one. */
export const createOrReplace = acknowledged | NLM_F_CREATE | NLM_F_REPLACE;
