const opening = '"managedFields":[';
const codes = { quote: 0x22, backslash: 0x5c, open: 0x5b, close: 0x5d } as const;

/**
 * Objects as the server writes them, without `metadata.managedFields`: who set which field is half of an object, and
 * what is not parsed costs nothing. Lists of that name anywhere else go as well. JSON with spaces in it, which no API
 * server sends, and what is no JSON stay as they are.
 */
export function withoutManagedFields(json: string): string {
  const kept: string[] = [];
  let from = 0;
  for (let at = json.indexOf(opening); at >= 0; at = json.indexOf(opening, at + 1)) {
    // The quote is part of a longer text.
    if (json.charCodeAt(at - 1) === codes.backslash) continue;
    const end = behindList(json, at + opening.length);
    if (end === undefined) return json;
    const isLast = json[end] !== ',';
    kept.push(json.slice(from, isLast && json[at - 1] === ',' ? at - 1 : at));
    from = isLast ? end : end + 1;
    at = end;
  }
  if (from === 0) return json;
  kept.push(json.slice(from));
  return kept.join('');
}

/** Where a list ends whose members begin here; undefined when it does not. */
function behindList(json: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === codes.quote) {
      at++;
      for (; at < json.length && json.charCodeAt(at) !== codes.quote; at++) {
        if (json.charCodeAt(at) === codes.backslash) at++;
      }
    } else if (code === codes.open) depth++;
    else if (code === codes.close && --depth === 0) return at + 1;
  }
  return undefined;
}
