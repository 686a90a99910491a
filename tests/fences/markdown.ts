// What the documents say, in a form that can be checked: links, code blocks, and the files that they name.

export interface CodeBlock {
  readonly language: string;
  readonly line: number;
  readonly code: string;
}

/** Fenced blocks. The fence may be indented, as in a list; the code loses that indentation. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const found = markdown.matchAll(/^([ \t]*)(`{3,})([\w-]*)[^\n]*\n([\s\S]*?)^\1\2[ \t]*$/gm);
  return [...found].map((match) => ({
    language: match[3] ?? "",
    line: markdown.slice(0, match.index).split("\n").length,
    code: (match[4] ?? "").replaceAll(new RegExp(`^${match[1]}`, "gm"), ""),
  }));
}

export function prose(markdown: string): string {
  return markdown.replace(/^([ \t]*)(`{3,})[\s\S]*?^\1\2[ \t]*$/gm, "");
}

/** The targets of `[text](target)` and `[name]: target`. */
export function links(markdown: string): string[] {
  const text = prose(markdown).replace(/`[^`\n]*`/g, "");
  const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)];
  const defined = [...text.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  return [...inline, ...defined].map((match) => match[1] ?? "");
}

/** The anchors that a document offers, as GitHub makes them from its headings. */
export function anchors(markdown: string): string[] {
  const seen = new Map<string, number>();
  return [...prose(markdown).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)].map((match) => {
    const slug = (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

const TOP = "kernel|policy-libs|stdlib|embed|samples|tests|docs|\\.ci";

/** Paths of the tree named in backticks: `kernel/verify.ts`, `tests/kit/`, `build.ts`. Patterns with `*` are none. */
export function namedPaths(markdown: string): string[] {
  const words = [...prose(markdown).matchAll(/`([^`\n]+)`/g)].flatMap((match) => (match[1] ?? "").split(/\s+/));
  const isPath = new RegExp(`^(?:(?:${TOP})/[\\w./-]*|[\\w-]+\\.(?:ts|cjs|json|md))$`);
  return [...new Set(words.filter((word) => isPath.test(word) && !word.startsWith("file.")))];
}

/** The first column of a layout picture: lines like `kernel/        trusted`. */
export function picturedPaths(block: string): string[] {
  return block.split("\n").flatMap((line) => /^([\w.-]+\/?) {2,}\S/.exec(line)?.[1] ?? []);
}
