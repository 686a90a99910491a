const file = await openfile("new.file", true);
const bytes = "0123456789\u0000\u007f\u0080\u00fe\u00ff!";
await file.writeat(bytes, 0);
const back = await file.readat(16, 0);
await log(back === bytes, back.length);
