const file = await openfile("testfile.txt", false);
const text = await file.readat(14, 2);
await log(text === "DO NOT REMOVE\n", text.length);
