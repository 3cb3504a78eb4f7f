import type { Duplex } from 'node:stream';

/** A request as a handler sees it. */
interface RpcRequest {
  /** Values of the route's `:name` segments, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined when the request had no body. Not validated: it comes from another process. */
  readonly body: unknown;
}

/**
 * Agrees to go on without HTTP: what it resolves to is given the connection once the caller was told so. What it
 * throws is answered as an `RpcHandler`'s.
 */
export type RpcUpgrade = (request: RpcRequest) => Promise<(connection: Duplex) => void>;

export type RpcHandler = (request: RpcRequest) => RpcReply | Promise<RpcReply>;

/** What a handler answers: one JSON value (nothing: status 204), a stream of them, one per line, or text. */
export type RpcReply = RpcValue | RpcStream | RpcText;

/** What others than `rpcCall` read. */
export interface RpcText {
  readonly text: string;
  /** Its media type. */
  readonly type: string;
}

interface RpcValue {
  readonly body?: unknown;
  /** 200 when absent, 204 without a body. */
  readonly status?: number;
}

export interface RpcStream {
  /**
   * Called once the headers are on their way. `push` sends a value as one NDJSON line; the returned function is
   * called once when the reader is gone. A reader too far behind is cut off: it has to ask again.
   */
  readonly stream: (push: (value: unknown) => void) => () => void;
}
