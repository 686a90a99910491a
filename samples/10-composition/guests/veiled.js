// A layer that transforms: what lies below it is not what was said above it. (ROT13 is no cipher; it stands for one.)
const turn = (text) =>
  text.replace(/[a-z]/gi, (letter) => {
    const base = letter < "a" ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
  });
return {
  shelf: {
    put: (name, text) => shelf.put(turn(name), turn(text)),
    get: async (name) => turn(await shelf.get(turn(name))),
    names: async () => (await shelf.names()).map(turn).sort(),
  },
};
