/** Where nodes and pods are, in the addresses of the chosen network model. Filled from Node objects and configuration. */
export interface NodePlace {
  readonly name: string;
  /** Primary address on the node segment. */
  readonly address: string;
  /** The node's block of pod addresses. */
  readonly podCidr: string;
  /** Address of the node's VXLAN device: the first of its pod block. */
  readonly tunnelAddress: string;
}

/** An end of a flow: a pod on a node, a node at one of its addresses, or an address outside the cluster. */
export type Place =
  | { readonly kind: 'pod'; readonly address: string; readonly node: string }
  | { readonly kind: 'node'; readonly address: string; readonly node: string }
  | { readonly kind: 'external'; readonly address: string };
