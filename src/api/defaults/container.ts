import type { Container, Probe } from '../types/core.ts';

/** Defaults of a container; one of a pod in the node's own network has its ports on the node, as host ports. */
export function defaultContainer(container: Container, hostNetwork: boolean): Container {
  const { ports, env } = container;
  return {
    ...container,
    ...(ports !== undefined && {
      ports: ports.map((port) => ({
        ...port,
        protocol: port.protocol ?? ('TCP' as const),
        ...(hostNetwork && { hostPort: port.hostPort ?? port.containerPort }),
      })),
    }),
    ...(env !== undefined && { env: env.map(defaultVariable) }),
    ...probesOf(container),
    imagePullPolicy: container.imagePullPolicy ?? pullPolicyOf(container.image ?? ''),
    terminationMessagePath: container.terminationMessagePath ?? '/dev/termination-log',
    terminationMessagePolicy: container.terminationMessagePolicy ?? 'File',
  };
}

/** What names no version may be another one each time (core/v1 `SetDefaults_Container`). */
function pullPolicyOf(image: string): string {
  if (image.includes('@')) return 'IfNotPresent';
  const name = image.slice(image.lastIndexOf('/') + 1);
  const tag = name.includes(':') ? name.slice(name.indexOf(':') + 1) : 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

type Variable = NonNullable<Container['env']>[number];

function defaultVariable(variable: Variable): Variable {
  const fieldRef = variable.valueFrom?.fieldRef;
  if (fieldRef === undefined) return variable;
  return { ...variable, valueFrom: { ...variable.valueFrom, fieldRef: { apiVersion: 'v1', ...fieldRef } } };
}

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

function probesOf(container: Container): Partial<Container> {
  const given = probes.flatMap((name) => {
    const probe = container[name];
    return probe === undefined ? [] : [[name, defaultProbe(probe)] as const];
  });
  return Object.fromEntries(given);
}

/** core/v1 `SetDefaults_Probe`, `SetDefaults_HTTPGetAction`. */
function defaultProbe(probe: Probe): Probe {
  const { httpGet } = probe;
  return {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
    ...probe,
    ...(httpGet !== undefined && { httpGet: { path: '/', scheme: 'HTTP', ...httpGet } }),
  };
}
