/** The line of a watch that says only which version everything up to was sent of. */
export function bookmarkLine(
  type: { kind: string; apiVersion: string },
  resourceVersion: number,
  annotations?: Record<string, string>,
): string {
  const metadata = { resourceVersion: String(resourceVersion), ...(annotations && { annotations }) };
  return `${JSON.stringify({ type: 'BOOKMARK', object: { ...type, metadata } })}\n`;
}
