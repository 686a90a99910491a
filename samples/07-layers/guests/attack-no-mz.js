// Tries to make a file that starts with MZ, and to be stopped where nothing is wrong.
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

for (const text of ["MX", "ZM", "M", "Z", "mz", " MZ", "XMZ", "", "ÿMZ", "M\u0000Z"])
  await allowed(`write ${JSON.stringify(text)}`, async () => {
    await files.writeText("a", text);
    return (await files.readText("a")) === text ? "the same" : "changed";
  });
await allowed("append Z to XM", async () => {
  await files.writeText("b", "XM");
  await files.append("b", "Z");
  return files.readText("b");
});
await allowed("append MZ to M", async () => {
  await files.writeText("b", "M");
  await files.append("b", "MZ");
  return files.readText("b");
});
await allowed("write MZ at 1 and 2", async () => {
  await files.writeText("c", "abcd");
  const file = await files.open("c", { write: true });
  await file.writeAt(1, bytes("MZ"));
  await file.writeAt(2, bytes("MZ"));
  await file.writeAt(0, bytes(""));
  await file.close();
  return files.readText("c");
});
await allowed("write piece by piece", async () => {
  const writer = await files.openWriter("d");
  for (const piece of ["X", "M", "Z"]) await writer.write(piece);
  await writer.close();
  return files.readText("d");
});
await allowed("copy, rename, list and remove", async () => {
  await files.copy("d", "e");
  await files.rename("e", "f");
  const names = (await files.list()).map(({ name }) => name).join(" ");
  await files.remove("f");
  return names;
});
await allowed("read what is missing", () => files.readText("none"));

await attack("writeText", () => files.writeText("1", "MZ"));
await attack("writeText, long", () => files.writeText("1", `MZ${"x".repeat(1000)}`));
await attack("writeBytes", () => files.writeBytes("1", bytes("MZ")));
await attack("writeBytes, a view", () => files.writeBytes("1", bytes("xxMZ").subarray(2)));
await attack("append to nothing", () => files.append("2", "MZ"));
await attack("append by halves", async () => {
  await files.append("3", "M");
  await files.append("3", bytes("Z"));
});
await attack("append to what was emptied", async () => {
  await files.writeText("4", "ok");
  await Promise.all([files.truncate("4", 0), files.append("4", "MZ")]);
});
await attack("two who append at once", async () => {
  const settled = await Promise.allSettled([files.append("5", "M"), files.append("5", "Z")]);
  return settled.map(({ reason }) => reason?.code ?? "done").join(" ");
});
await attack("write into a file", async () => {
  const file = await files.open("6", { write: true, create: true });
  await file.writeAt(0, bytes("MZ"));
});
await attack("write into a file by halves", async () => {
  const file = await files.open("7", { write: true, create: true });
  await file.writeAt(0, bytes("M"));
  await file.writeAt(1, bytes("Z"));
});
await attack("the second half first", async () => {
  const file = await files.open("8", { write: true, create: true });
  await file.writeAt(0, bytes("xZ"));
  await file.writeAt(0, bytes("M"));
});
await attack("two handles at once", async () => {
  await files.writeText("9", "ab");
  const [one, two] = [await files.open("9", { write: true }), await files.open("9", { write: true })];
  const settled = await Promise.allSettled([one.writeAt(0, bytes("M")), two.writeAt(1, bytes("Z"))]);
  return settled.map(({ reason }) => reason?.code ?? "done").join(" ");
});
await attack("a handle of a file that was renamed", async () => {
  await files.writeText("10", "Mx");
  const file = await files.open("10", { write: true });
  await files.rename("10", "11");
  await file.writeAt(1, bytes("Z"));
});
await attack("a writer, by pieces", async () => {
  const writer = await files.openWriter("12");
  await writer.write("M");
  await writer.write("");
  await writer.write("Zzz");
  await writer.close();
});
await attack("a writer that adds", async () => {
  await files.writeText("13", "M");
  const writer = await files.openWriter("13", { mode: "append" });
  await writer.write("Z");
  await writer.close();
});
await attack("two writers that add", async () => {
  await files.writeText("14", "");
  const [one, two] = [
    await files.openWriter("14", { mode: "append" }),
    await files.openWriter("14", { mode: "append" }),
  ];
  const settled = await Promise.allSettled([one.write("M"), two.write("Z")]);
  await Promise.allSettled([one.close(), two.close()]);
  return settled.map(({ reason }) => reason?.code ?? "done").join(" ");
});
await attack("a value that changes", () => files.writeText("15", { toString: () => "MZ" }));
await attack("a copy of what was there", () => files.copy("old.exe", "16"));
return told;
