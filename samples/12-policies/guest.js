// Tries to tell a stranger what stands in the diary, and to fill the screen.
const told = [];
async function attempt(what, task) {
  try {
    await task();
    told.push(`${what}: done`);
  } catch (error) {
    told.push(`${what}: ${error.code}, ${error.message}`);
  }
}

await attempt("send a greeting", () => net.send("stranger.example", "hello"));
let diary;
await attempt("read the diary", async () => {
  diary = await files.readText("diary.txt");
});
await attempt("send the diary", () => net.send("stranger.example", diary));

const open = [];
const another = async () => open.push(await windows.open(`window ${open.length + 1}`));
for (let n = 1; n <= 4; n++) await attempt(`open window ${n}`, another);
await attempt("close the first", () => open[0].close());
await attempt("close the first again", () => open[0].close());
await attempt("open another", another);
await attempt("open one more", another);
return told;
