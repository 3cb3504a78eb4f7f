import type { AddressInfo } from 'node:net';
import { WeftError } from '../lib/errors.ts';
import { createForwardingServer, type ForwardingOptions } from '../lib/forwarding-server.ts';

export interface LoopbackPortOptions extends ForwardingOptions {
  /** 0 lets the kernel choose. */
  readonly port: number;
}

/** A port of this machine's loopback whose connections lead somewhere else. */
export interface LoopbackPort {
  readonly port: number;
  /** Ends its connections too. */
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1 and hands every connection on, its ends apart. Rejects with `listen-failed`.
 */
export async function openLoopbackPort(options: LoopbackPortOptions): Promise<LoopbackPort> {
  const { server, ...forwarding } = createForwardingServer(options);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenFailure(options.port, cause)));
    server.listen({ host: '127.0.0.1', port: options.port }, resolve);
  });
  return { port: (server.address() as AddressInfo).port, ...forwarding };
}

function listenFailure(port: number, cause: NodeJS.ErrnoException): WeftError {
  const hints: Readonly<Record<string, string>> = {
    EADDRINUSE: 'The port is taken; choose another with --port, or none for any.',
    EACCES: 'Ports below 1024 are for root; choose another with --port, or none for any.',
  };
  const hint = hints[cause.code ?? ''];
  return new WeftError('listen-failed', `cannot listen on 127.0.0.1 port ${port}: ${cause.message}`, {
    cause,
    fault: 'environment',
    ...(hint !== undefined && { hint }),
  });
}
