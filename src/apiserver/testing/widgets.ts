import type { JsonSchema } from '../custom/json-schema.ts';
import type { Answer, TestApi } from './test-api.ts';

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** What differs between the definitions that tests make. */
export interface WidgetOptions {
  readonly spec?: object;
  readonly version?: object;
  readonly names?: object;
  readonly plural?: string;
}

/** A CustomResourceDefinition `widgets.example.com` with one version. */
export function widgetDefinition(schema: JsonSchema, options: WidgetOptions = {}): object {
  const { plural = 'widgets' } = options;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural, kind: 'Widget', ...options.names },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...options.version },
      ],
      ...options.spec,
    },
  };
}

/** The schema of an object whose spec has these fields. */
export function withSpec(
  properties: Readonly<Record<string, JsonSchema>>,
  spec: JsonSchema = {},
): JsonSchema {
  return { type: 'object', properties: { spec: { type: 'object', properties, ...spec } } };
}

/** Applies a definition, whatever there was of it; answers what the server said. */
export function define(api: TestApi, definition: object): Promise<Answer> {
  const { name } = (definition as { metadata: { name: string } }).metadata;
  return api.call('PATCH', `${path}/${name}?fieldManager=test&force=true`, {
    body: definition,
    headers: { 'content-type': 'application/apply-patch+yaml' },
  });
}

export const widgets = '/apis/example.com/v1/namespaces/default/widgets';

/** A Widget with this spec. */
export function widget(name: string, spec?: unknown): object {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name },
    ...(spec !== undefined && { spec }),
  };
}
