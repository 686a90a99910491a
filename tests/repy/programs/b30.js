await createthread(() => exitall());
await sleep(0.5);
await log("the main thread went on");
