// Tries to make a file wrong that starts with S and ends with E, or to see half of a change.
const told = { accuracy: {}, security: {} };

async function attempt(part, what, task) {
  try {
    told[part][what] = (await task()) ?? "done";
  } catch (error) {
    told[part][what] = error.code ?? `${error.name}: ${error.message}`;
  }
}
const allowed = (what, task) => attempt("accuracy", what, task);
const attack = (what, task) => attempt("security", what, task);
const bytes = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));

async function read(name) {
  const file = await files.open(name);
  try {
    return String.fromCharCode(...(await file.readAt(0, 1000)));
  } finally {
    await file.close();
  }
}
async function write(name, text) {
  const file = await files.open(name, { create: true });
  await file.truncate(0);
  await file.writeAt(0, bytes(text));
  await file.close();
  return read(name);
}

await allowed("a new file", async () => {
  await (await files.open("new", { create: true })).close();
  return read("new");
});
await allowed("a right change", () => write("a", "S one E"));
await allowed("a longer one", () => write("a", `S${"x".repeat(500)}E`).then((text) => text.length));
await allowed("a shorter one", () => write("a", "S two E"));
await allowed("the old one is read until it is closed", async () => {
  await write("b", "S old E");
  const file = await files.open("b");
  await file.writeAt(0, bytes("S new E"));
  const during = [String.fromCharCode(...(await file.readAt(0, 10))), await read("b")];
  await file.close();
  return [...during, await read("b")].join(", ");
});
await allowed("no copy is listed", async () => {
  const file = await files.open("b");
  const names = (await files.list()).join(" ");
  await file.close();
  return names;
});

await attack("no S", () => write("a", "xxE"));
await attack("no E", () => write("a", "Sxx"));
await attack("only S", () => write("a", "S"));
await attack("nothing", () => write("a", ""));
await attack("small letters", () => write("a", "se"));
await attack("right, then wrong", async () => {
  const file = await files.open("a");
  await file.truncate(0);
  await file.writeAt(0, bytes("S right E"));
  await file.writeAt(0, bytes("x"));
  await file.close();
  return (await read("a")).slice(0, 3);
});
await attack("a write while it is closed", async () => {
  const file = await files.open("b");
  const settled = await Promise.allSettled([file.close(), file.writeAt(0, bytes("wrong"))]);
  return [settled[1].reason?.code, await read("b")].join(", ");
});
await attack("closed twice", async () => {
  const file = await files.open("b");
  await file.close();
  await file.close();
});
await attack("two at once, one of them wrong", async () => {
  const [one, two] = [await files.open("b"), await files.open("b")];
  await one.writeAt(0, bytes("x"));
  await two.writeAt(2, bytes("two"));
  await Promise.all([one.close(), two.close()]);
  return read("b");
});
await attack("the copy by its name", () => files.open(".copy-0-a"));
await attack("another spelling", () => files.open("./a"));
await attack("never closed", async () => {
  const file = await files.open("b");
  await file.writeAt(0, bytes("wrong"));
  return read("b");
});
return told;
