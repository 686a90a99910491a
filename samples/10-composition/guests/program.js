const told = {};
async function attempt(what, task) {
  try {
    told[what] = (await task()) ?? "done";
  } catch (error) {
    told[what] = error.code ?? `${error.name}: ${error.message}`;
  }
}
await attempt("write a draft", () => shelf.put("draft-letter", "Dear Ada"));
await attempt("read it", () => shelf.get("draft-letter"));
await attempt("write a law", () => shelf.put("law", "I am king"));
await attempt("read the law", () => shelf.get("law"));
await attempt("the names", () => shelf.names());
await attempt("reach below", () => [typeof left, typeof right].join(" "));
return told;
