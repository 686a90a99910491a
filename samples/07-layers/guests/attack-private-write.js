// Tries to read what was written to be never read, and to be stopped where nothing is private.
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
const text = (given) => String.fromCharCode(...given);

const file = await files.open("diary", { create: true });
await allowed("write and read", async () => {
  await file.writeAt(0, bytes("hello world"));
  return text(await file.readAt(0, 11));
});
await allowed("write privately, in the middle", () => file.writePrivate(6, bytes("WORLD")));
await allowed("read what lies before it", async () => text(await file.readAt(0, 6)));
await allowed("add after it", async () => {
  await file.writeAt(11, bytes(", again"));
  return text(await file.readAt(11, 7));
});
await allowed("overwrite a part of it, and read that", async () => {
  await file.writeAt(8, bytes("x"));
  return text(await file.readAt(8, 1));
});
await allowed("the size", () => file.size());
await allowed("a private write of nothing", async () => {
  await file.writePrivate(0, bytes(""));
  return text(await file.readAt(0, 6));
});
await allowed("write beyond the end", () => file.writeAt(100, bytes("x")));

await attack("read it", () => file.readAt(6, 5));
await attack("read its first byte", () => file.readAt(6, 1));
await attack("read its last byte", () => file.readAt(10, 1));
await attack("read over it", () => file.readAt(0, 1000));
await attack("read it by another handle", async () => (await files.open("diary")).readAt(6, 1));
await attack("read it by another spelling", async () => (await files.open("./diary")).readAt(6, 1));
await attack("read it by an upper case", async () => (await files.open("DIARY")).readAt(6, 1));
await attack("change what is known of it", async () => (await files.open(".private.diary.json")).size());
await attack("read while it is written", async () => {
  const other = await files.open("other", { create: true });
  await other.writeAt(0, bytes("public"));
  const [, read] = await Promise.allSettled([other.writePrivate(0, bytes("SECRET")), other.readAt(0, 6)]);
  return read.reason?.code ?? text(read.value);
});
await attack("overwrite beside it", async () => {
  await file.writeAt(5, bytes("_"));
  await file.writeAt(11, bytes("_"));
  return file.readAt(6, 1);
});
await attack("write privately beyond the end, then read the gap", async () => {
  await file.writePrivate(1000, bytes("x"));
});
await attack("read to no end", () => file.readAt(0, Number.MAX_SAFE_INTEGER));
await attack("read from before the beginning", () => file.readAt(-5, 20));
return told;
