// A server that reads its configuration, and then serves whom it should not trust.
const served = {};
async function attempt(what, task) {
  try {
    served[what] = await task();
  } catch (error) {
    served[what] = error.code;
  }
}
const serve = (path) => attempt(path, async () => (await files.readText(path)).trim());

const isTime = clock.now() > 0;
const found = (await files.list("etc")).map(({ name }) => name);
const { title } = JSON.parse(await files.readText("etc/config.json"));
console.log(`${title} begins, ${isTime && found.length > 0 ? "knowing where it is" : "blindly"}.`);

await serve("srv/index.html");
await serve("srv/.htaccess");
await serve("etc/config.json");
await serve("etc/passwords.txt");
await serve("home/diary.txt");
await serve("srv/../home/diary.txt");
await attempt("the clock", () => clock.now());
await attempt("the whole tree", () => files.list());

// Somebody has found a hole in it, if it is told so: the write ends it.
if (args.includes("hacked")) await files.writeText("srv/index.html", "<h1>Hacked</h1>");
return served;
