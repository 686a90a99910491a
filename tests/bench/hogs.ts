// Guests that take what they can get, each for as long as it is let.
export const HOGS: readonly { readonly name: string; readonly what: string; readonly source: string }[] = [
  { name: "spin", what: "that spins", source: "for (;;);" },
  {
    name: "memory",
    what: "that fills its memory over and over",
    source: `for (;;) {
      let all = [];
      try { for (;;) all.push(new Uint8Array(1 << 20).fill(7)); } catch { all = []; }
    }`,
  },
  {
    name: "json",
    what: "that builds big JSON",
    source: `const rows = Array.from({ length: 20000 }, (_, i) => ({ id: i, name: "row " + i, tags: ["a", "b"] }));
    for (;;) JSON.parse(JSON.stringify(rows));`,
  },
  {
    name: "bigint",
    what: "that multiplies big bigints",
    source: "const big = 3n ** 200000n; for (;;) big * big;",
  },
  {
    name: "strings",
    what: "that builds and searches big strings",
    source: `for (;;) { const text = "abcdefgh".repeat(1 << 18); text.indexOf("x"); text.replaceAll("a", "bb").split("b"); }`,
  },
];
