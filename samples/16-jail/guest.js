// A server that reads its configuration, gives away what it no longer needs, and serves whom it should not trust.
const served = {};
async function serve(path) {
  try {
    served[path] = (await files.readText(path)).trim();
  } catch (error) {
    served[path] = error.code;
  }
  log.write(`${path}: ${served[path]}`);
}

const { title } = JSON.parse(await files.readText("etc/config.json"));
log.level("info");
log.write(`${title} begins`);
sandbox.seal();

await serve("srv/index.html");
await serve("etc/config.json");
await serve("etc/passwords.txt");
await serve("home/diary.txt");
await serve("srv/../home/diary.txt");
try {
  log.level("debug");
} catch (error) {
  served["log.level"] = error.code;
}
if (isHacked) await files.writeText("srv/index.html", "<h1>Hacked</h1>"); // ends the program
return served;
