import type { ServerAccess } from '../../client/http/options.ts';
import type { Resource } from '../../api/resources.ts';
import type { Client } from '../../client/port.ts';

/** An API server that is nobody's lab's, as a person reaches it. */
export interface ClusterDoor {
  readonly client: Client;
  /** Whether the server has objects of this kind, also where this user may not see them. */
  serves(resource: Resource): Promise<boolean>;
  /** The namespace of the kubeconfig's context. */
  readonly namespace?: string;
  readonly access: ServerAccess;
  /** Text of a kubeconfig with nothing but what it takes to get here, for the lab's directory. */
  readonly kubeconfig: string;
  /** Who makes something there from this machine, as a lab of that name. */
  markOf(lab: string): string;
}
