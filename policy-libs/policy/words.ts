// The words of the language. The lexer knows none of them: a word is a keyword where the parser asks for one.

// biome-ignore format: a list
/** They are no names, unless in backquotes or beside a dot ("to.host", "files.count"). */
export const RESERVED: ReadonlySet<string> = new Set([
  "import", "as", "pinned", "set", "policy", "over", "default", "allow", "deny", "abstain", "let", "values", "on", "max",
  "label", "from", "cleared", "by", "when", "unless", "because", "halt", "ask", "of", "suppress", "giving", "delay", "to",
  "per", "change", "so", "at", "most", "first", "masks", "becomes", "result", "failed", "refused", "tried", "approved",
  "or", "and", "not", "carries", "once", "with", "no", "since", "within", "never", "previous", "among", "in", "starts",
  "ends", "contains", "like", "under", "length", "count", "sum", "level", "minus", "steps", "true", "false", "bundle",
  "all", "any", "test", "for", "wait", "is", "prove", "narrower", "than", "same", "disjoint",
]);

/** What the rules of a policy begin with. */
export const EFFECTS = ["allow", "deny", "halt", "ask", "suppress", "delay", "change"] as const;

/** Events other than calls. */
export const EVENTS = ["result", "failed", "refused", "tried", "approved"] as const;

// biome-ignore format: a table
/** Of integers: SI and binary sizes. */
export const SIZES: ReadonlyMap<string, number> = new Map([
  ["B", 1], ["kB", 1000], ["MB", 1000 ** 2], ["GB", 1000 ** 3], ["KiB", 1024], ["MiB", 1024 ** 2], ["GiB", 1024 ** 3],
]);

// biome-ignore format: a table
/** Of times, in milliseconds; the longest first. */
export const TIMES: ReadonlyMap<string, number> = new Map([
  ["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1000], ["ms", 1],
]);
