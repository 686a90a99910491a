// A plugin that does what it says: it reads the notes and makes a menu entry for each chapter.
const outline = {};
for (const { name } of await notes.list()) {
  const lines = (await notes.readText(name)).split("\n");
  outline[name] = lines.filter((line) => line.startsWith("## ")).map((line) => line.slice(3));
  for (const chapter of outline[name]) await menu.add(chapter);
}
return outline;
