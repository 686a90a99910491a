const names = new Set([await getthreadname()]);
for (let round = 0; round < 3; round++) {
  for (let i = 0; i < 9; i++) {
    await createthread(async () => {
      const first = await getthreadname();
      names.add(first);
      await sleep(0.1);
      // The same name after waiting beside eight others.
      if ((await getthreadname()) !== first) await log("another name");
    });
  }
  await sleep(1);
}
await log(names.size, names.has(await getthreadname()));
