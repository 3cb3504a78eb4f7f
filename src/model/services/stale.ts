import type { ServicePortModel } from './port.ts';

/** Whether connections to endpoints that a service-port no longer has are ended: those of UDP, and of TCP on request. */
export function endsStaleFlows({
  protocol,
  resetsTcp,
}: Pick<ServicePortModel, 'protocol' | 'resetsTcp'>): boolean {
  return protocol === 'UDP' || (protocol === 'TCP' && resetsTcp === true);
}
