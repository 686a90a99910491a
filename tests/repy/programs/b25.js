const outcomes = [];
for (let i = 0; i < 10; i++) outcomes.push(await errorOf(() => createthread(() => sleep(2))));
await log(outcomes.slice(0, 9).every((outcome) => outcome === "no error"), outcomes[9]);
await log(await used("events"));
