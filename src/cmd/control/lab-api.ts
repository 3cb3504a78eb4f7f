import type { Client } from '../../client/port.ts';
import type { Service } from '../../lib/lifecycle.ts';
import type { RpcHandler } from '../../lib/rpc-port.ts';

/** The API server of a lab as its control process has it, whether it is its own or a cluster's. */
export interface LabApi {
  /** Of the fabric. */
  readonly client: Client;
  /** Lets the others in, once the nodes' machines are there. */
  open(): Promise<void>;
  readonly controllers: Service;
  /** What the control process is asked for besides, on its socket. */
  readonly routes: Readonly<Record<string, RpcHandler>>;
  close(): Promise<void>;
}
