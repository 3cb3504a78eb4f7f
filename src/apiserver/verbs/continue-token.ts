import { isObject, numberAt, textAt } from '../json.ts';
import { badRequest } from '../status.ts';

/** Where a list goes on: after which key, and at which version. */
export interface Continuation {
  /** Undefined: whatever is there now, because the version it began with is no longer kept. */
  readonly version: number | undefined;
  readonly after: string;
}

const format = 'weft.dev/v1';

/** Says all there is to know, so that it means the same to a server that was started since. */
export function encodeToken({ version, after }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: format, rv: version ?? -1, after })).toString('base64url');
}

/** Throws 400 for what is none of ours. */
export function decodeToken(token: string): Continuation {
  const parsed = parse(Buffer.from(token, 'base64url').toString());
  const version = numberAt(parsed, ['rv']);
  if (!isObject(parsed) || parsed['v'] !== format || !Number.isInteger(version)) {
    throw badRequest('continue key is not valid');
  }
  return { version: version < 0 ? undefined : version, after: textAt(parsed, ['after']) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
