import type { Condition, IntOrString, KubernetesObject, Labels, Protocol } from './meta.ts';

export interface Namespace extends KubernetesObject {
  spec?: { finalizers?: string[] };
  status?: { phase?: 'Active' | 'Terminating' };
}

export interface ContainerPort {
  containerPort: number;
  name?: string;
  protocol?: Protocol;
  hostPort?: number;
  hostIP?: string;
}

export interface Container {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  ports?: ContainerPort[];
  env?: {
    name: string;
    value?: string;
    valueFrom?: { fieldRef?: { apiVersion?: string; fieldPath: string } };
  }[];
  restartPolicy?: string;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  imagePullPolicy?: string;
  resources?: { limits?: Record<string, string | number>; requests?: Record<string, string | number> };
  terminationMessagePath?: string;
  terminationMessagePolicy?: string;
}

/** How a container is asked whether it is well; without unit, numbers are counts. */
export interface Probe {
  initialDelaySeconds?: number;
  timeoutSeconds?: number;
  periodSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
  httpGet?: { path?: string; scheme?: string };
}

/** A volume whose files the cluster writes, as far as defaults go. */
interface FileSource {
  defaultMode?: number;
}

export interface PodDNSConfig {
  nameservers?: string[];
  searches?: string[];
  options?: { name?: string; value?: string }[];
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  nodeName?: string;
  /** As long as there are any the pod gets no node. */
  schedulingGates?: { name: string }[];
  nodeSelector?: Labels;
  hostNetwork?: boolean;
  hostname?: string;
  subdomain?: string;
  dnsPolicy?: 'ClusterFirst' | 'ClusterFirstWithHostNet' | 'Default' | 'None';
  dnsConfig?: PodDNSConfig;
  restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  serviceAccountName?: string;
  schedulerName?: string;
  enableServiceLinks?: boolean;
  volumes?: {
    name: string;
    configMap?: FileSource;
    secret?: FileSource;
    downwardAPI?: FileSource;
    projected?: FileSource;
  }[];
  terminationGracePeriodSeconds?: number;
}

export interface PodStatus {
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  conditions?: Condition[];
  hostIP?: string;
  hostIPs?: { ip: string }[];
  podIP?: string;
  podIPs?: { ip: string }[];
  startTime?: string;
  reason?: string;
  message?: string;
  qosClass?: string;
  containerStatuses?: unknown[];
}

export interface Pod extends KubernetesObject {
  spec: PodSpec;
  status?: PodStatus;
}

export interface PodTemplateSpec {
  metadata?: { name?: string; labels?: Labels; annotations?: Labels };
  spec: PodSpec;
}

export interface Taint {
  key: string;
  value?: string;
  effect: string;
}

export interface Node extends KubernetesObject {
  spec?: { podCIDR?: string; podCIDRs?: string[]; unschedulable?: boolean; taints?: Taint[] };
  status?: {
    addresses?: { type: 'InternalIP' | 'Hostname' | 'ExternalIP'; address: string }[];
    conditions?: Condition[];
    capacity?: Labels;
    allocatable?: Labels;
    nodeInfo?: Labels;
  };
}

export interface ServicePort {
  name?: string;
  port: number;
  protocol?: Protocol;
  targetPort?: IntOrString;
  nodePort?: number;
  appProtocol?: string;
}

export interface ServiceSpec {
  type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  selector?: Labels;
  ports?: ServicePort[];
  clusterIP?: string;
  clusterIPs?: string[];
  ipFamilies?: ('IPv4' | 'IPv6')[];
  ipFamilyPolicy?: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
  externalName?: string;
  externalIPs?: string[];
  sessionAffinity?: 'None' | 'ClientIP';
  sessionAffinityConfig?: { clientIP?: { timeoutSeconds?: number } };
  externalTrafficPolicy?: 'Cluster' | 'Local';
  internalTrafficPolicy?: 'Cluster' | 'Local';
  publishNotReadyAddresses?: boolean;
  loadBalancerIP?: string;
  loadBalancerSourceRanges?: string[];
  allocateLoadBalancerNodePorts?: boolean;
  loadBalancerClass?: string;
  healthCheckNodePort?: number;
  trafficDistribution?: string;
}

export interface Service extends KubernetesObject {
  spec: ServiceSpec;
  status?: { loadBalancer?: { ingress?: LoadBalancerIngress[] }; conditions?: Condition[] };
}

/** `Proxy`: the load balancer itself takes what is sent to the address (KEP-1860); `VIP` unless said otherwise. */
export interface LoadBalancerIngress {
  ip?: string;
  hostname?: string;
  ipMode?: string;
}

export interface EndpointAddress {
  ip: string;
  hostname?: string;
  nodeName?: string;
  targetRef?: { kind: string; namespace?: string; name: string; uid?: string };
}

/** core/v1 Endpoints: only a mirror of EndpointSlices, for older clients. */
export interface Endpoints extends KubernetesObject {
  subsets?: {
    addresses?: EndpointAddress[];
    notReadyAddresses?: EndpointAddress[];
    ports?: { name?: string; port: number; protocol?: Protocol; appProtocol?: string }[];
  }[];
}

/** core/v1 Event, as shown by `kubectl describe`. */
export interface CoreEvent extends KubernetesObject {
  involvedObject: { apiVersion?: string; kind: string; namespace?: string; name: string; uid?: string };
  reason: string;
  message: string;
  type: 'Normal' | 'Warning';
  count?: number;
  firstTimestamp?: string;
  lastTimestamp?: string;
  source?: { component?: string; host?: string };
}

/** Objects that the network stores and serves but does not interpret. */
export interface ConfigMap extends KubernetesObject {
  data?: Labels;
  binaryData?: Labels;
}
export interface Secret extends KubernetesObject {
  type?: string;
  data?: Labels;
  stringData?: Labels;
}
export type ServiceAccount = KubernetesObject;
