// A layer: no file may ever start with the two bytes MZ. All else passes as it is.
//
// A change is looked at and made before the next one is looked at. Otherwise one program appends "M" and another "Z" at
// the same time, and each finds an empty file.

const headOf = (contents) =>
  typeof contents === "string" ? contents.slice(0, 2) : String.fromCharCode(...contents.subarray(0, 2));

function check(head) {
  if (head.startsWith("MZ")) throw Object.assign(new Error("no file may start with MZ"), { code: "E_DENIED" });
}

let last = Promise.resolve();
function inTurn(change) {
  const done = last.then(change);
  last = done.catch(() => {});
  return done;
}

async function readHead(path) {
  const file = await files.open(path);
  try {
    return headOf(await file.readAt(0, 2));
  } finally {
    await file.close();
  }
}

const headIfAny = (path) =>
  readHead(path).catch((error) => {
    if (error.code === "E_NOT_FOUND") return "";
    throw error;
  });

/** A file in which one may write: the two first bytes are looked at as they would be. Later ones cost nothing. */
const guardedFile = (file) => ({
  size: () => file.size(),
  readAt: (offset, most) => file.readAt(offset, most),
  writeAt: (offset, bytes) =>
    inTurn(async () => {
      if (offset < 2) {
        const now = headOf(await file.readAt(0, 2));
        const written = headOf(bytes);
        check(now.slice(0, offset) + written + now.slice(offset + written.length));
      }
      await file.writeAt(offset, bytes);
    }),
  truncate: (size) => inTurn(() => file.truncate(size)),
  flush: () => file.flush(),
  close: () => file.close(),
});

/** What is written piece by piece: `head` tells what the file would start with so far. */
const guardedWriter = (writer, head) => ({
  write: (contents) =>
    inTurn(async () => {
      const before = await head.read();
      if (before.length < 2) {
        const now = (before + headOf(contents)).slice(0, 2);
        check(now);
        head.note(now);
      }
      await writer.write(contents);
    }),
  close: () => inTurn(() => writer.close()),
  abort: () => inTurn(() => writer.abort()),
});

/** Of a new file: what was written. */
const newHead = () => {
  let head = "";
  return {
    read: async () => head,
    note: (now) => {
      head = now;
    },
  };
};

/** Of a file that is added to, by this writer and whoever else. */
const sharedHead = (file) => ({ read: async () => headOf(await file.readAt(0, 2)), note() {} });

async function openWriter(path, options) {
  const writer = await files.openWriter(path, options);
  if (options?.mode !== "append") return guardedWriter(writer, newHead());
  return guardedWriter(writer, sharedHead(await files.open(path)));
}

async function open(path, options) {
  const file = await files.open(path, options);
  return options?.write ? guardedFile(file) : file;
}

return {
  files: {
    ...files, // what only reads, and what is no file
    writeText: (path, text) => inTurn(() => (check(headOf(text)), files.writeText(path, text))),
    writeBytes: (path, bytes) => inTurn(() => (check(headOf(bytes)), files.writeBytes(path, bytes))),
    append: (path, contents) =>
      inTurn(async () => {
        check((await headIfAny(path)) + headOf(contents));
        await files.append(path, contents);
      }),
    copy: (from, to) =>
      inTurn(async () => {
        check(await headIfAny(from));
        await files.copy(from, to);
      }),
    truncate: (path, size) => inTurn(() => files.truncate(path, size)),
    remove: (path) => inTurn(() => files.remove(path)),
    rename: (from, to) => inTurn(() => files.rename(from, to)),
    open: (path, options) => inTurn(() => open(path, options)),
    openWriter: (path, options) => inTurn(() => openWriter(path, options)),
  },
};
