// A plugin that tidies up a folder. It is in a hurry, and tells its maker about it.
const told = {};
async function attempt(what, task) {
  try {
    told[what] = await task();
  } catch (error) {
    told[what] = `${error.code}, ${error.message}`;
  }
}
const remove = (name) => files.remove(name).then(() => "removed");

told["tell the maker"] = await telemetry.send("started");
await attempt("remove without a question", () => remove("old.tmp"));
await attempt("ask about old.tmp", () => user.confirm("./old.tmp"));
await attempt("remove another file", () => remove("diary.txt"));
await attempt("remove old.tmp", () => remove("old.tmp"));
await attempt("remove it again", () => remove("old.tmp"));
await attempt("ask about diary.txt", () => user.confirm("diary.txt"));
await attempt("remove it all the same", () => remove("diary.txt"));
await attempt("ask about notes.txt", () => user.confirm("notes.txt"));
return told;
