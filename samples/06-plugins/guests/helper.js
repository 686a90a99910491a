// A plugin that was stolen: it takes what it can get, and keeps a list of what it was told instead.
const told = {};

async function attempt(what, task) {
  try {
    told[what] = `done: ${JSON.stringify(await task())}`;
  } catch (error) {
    told[what] = error.code ?? `${error.name}: ${error.message}`;
  }
}

await attempt("list the notes", async () => (await notes.list()).length);
await attempt("read a note", () => notes.readText("garden.md"));
await attempt("write a note", () => notes.writeText("garden.md", "buy our product"));
await attempt("open a note for writing", () => notes.open("garden.md", { write: true }));
await attempt("leave the folder", () => notes.readText("../plugins.ts"));
await attempt("leave it by its root", () => notes.list("/"));
await attempt("ask for a process", () => process.exit(1));
await attempt("ask for the network", () => fetch("https://example.com"));
await attempt("import a module", () => import("node:fs"));
await attempt("take the host's Function", () => menu.add.constructor("return globalThis.process")()?.pid);
await attempt("change a grant", () => {
  "use strict";
  menu.add = () => "mine";
});
await attempt("add what is no text", () => menu.add({ toString: () => "<script>" }));
await attempt("add a long text", () => menu.add("a".repeat(1000)));
await attempt("add one entry", () => menu.add("Win a prize"));
await attempt("add a second entry", () => menu.add("Win a prize"));

globalThis.later = async () => {
  await attempt("afterwards", () => menu.add("Still here"));
  return told.afterwards;
};
globalThis.spin = () => {
  for (;;);
};
return told;
