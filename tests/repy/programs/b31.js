await createthread(async () => {
  await sleep(0.1);
  await log("the thread went on");
});
try {
  await exitall();
} finally {
  await log("a finally block ran");
}
