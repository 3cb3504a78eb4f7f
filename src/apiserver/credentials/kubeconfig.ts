/** What a kubeconfig says: where the server is, whom to trust, who one is. */
export interface KubeconfigContent {
  /** Of the cluster, the user and the context alike. */
  readonly name: string;
  readonly server: string;
  /** PEM of the authority. */
  readonly ca: string;
  readonly token: string;
}

/** A kubeconfig (clientcmd.v1) with everything embedded. JSON is YAML, and quotes every name rightly. */
export function kubeconfigText({ name, server, ca, token }: KubeconfigContent): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [
      { name, cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    preferences: {},
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
