const twoCauses = 'one cause, of the field that is missing, instead of two';
const storage = 'volumes are only kept: their rules are not checked';
const amounts = 'amounts are only kept: their rules are not checked';

/**
 * Where Weft answers otherwise than kube-apiserver, and why. A case that is here must differ, so that nothing stays
 * here longer than it is true.
 */
export const known: Readonly<Record<string, string>> = {
  'v1 services: a health check port out of range': 'upstream answers 500 where 422 names the field',
  'batch/v1 cronjobs: a cron job of no zone': 'time zones are not looked up: no CronJob runs',
  'apps/v1 deployments: Deployment: no selector': twoCauses,
  'apps/v1 deployments: Deployment: no template': twoCauses,
  'apps/v1 deployments: Deployment: a strategy that is none': 'upstream names the strategy, not its type',
  'apps/v1 deployments: Deployment: a status': 'counts in a status are not compared',
  'apps/v1 replicasets: ReplicaSet: no selector': twoCauses,
  'apps/v1 replicasets: ReplicaSet: no template': twoCauses,
  'apps/v1 daemonsets: DaemonSet: no selector': twoCauses,
  'apps/v1 daemonsets: DaemonSet: no template': twoCauses,
  'apps/v1 statefulsets: StatefulSet: no selector': twoCauses,
  'apps/v1 statefulsets: StatefulSet: no template': twoCauses,
  'apps/v1 statefulsets: StatefulSet: with claims': 'claims in it are kept as they are given',
  'v1 secrets: a secret that is no base64': 'values are kept as they are given',
  'v1 nodes: a node that gets a range': '`podCIDR` and `podCIDRs` are not derived from each other',
  'v1 nodes: a node with two ranges of a family': 'ranges are looked at one by one',
  'v1 nodes: a node with taints that are none': 'upstream names `metadata.taints`',
  'v1 resourcequotas: a quota of what is none': amounts,
  'v1 resourcequotas: a quota of scopes that fight': amounts,
  'v1 resourcequotas: a quota of a scope that is none': amounts,
  'v1 limitranges: limits of pods with a default': amounts,
  'v1 limitranges: limits twice': amounts,
  'v1 limitranges: limits upside down': amounts,
  'v1 limitranges: limits of what is none': amounts,
  'v1 limitranges: limits of claims': amounts,
  'v1 persistentvolumes: a volume': storage,
  'v1 persistentvolumes: a volume without size': storage,
  'v1 persistentvolumes: a volume without modes': storage,
  'v1 persistentvolumes: a volume without source': storage,
  'v1 persistentvolumes: a volume that changes': storage,
  'v1 persistentvolumeclaims: a claim without modes': storage,
  'v1 persistentvolumeclaims: a claim of a mode that is none': storage,
  'v1 persistentvolumeclaims: a claim without size': storage,
  'v1 persistentvolumeclaims: a claim of nothing': storage,
  'v1 configmaps: a deadline':
    'a deletionTimestamp in an update is ignored, as other fields of the server are',
};

/** Fields that upstream's controllers set later and Weft's API server at once, or that nobody reads; by resource. */
export const uncompared: Readonly<Record<string, readonly string[]>> = {
  'networking.k8s.io/v1 servicecidrs': ['finalizers', 'status'],
  // The deprecated generation of its template.
  'apps/v1 daemonsets': ['annotations'],
};
