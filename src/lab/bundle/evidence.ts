/** One text of a support bundle. */
export interface Evidence {
  readonly path: string;
  readonly text: string;
}
