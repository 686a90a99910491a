// Turns the language's own objects inside out, and looks whether the host's share them.
Object.prototype.isAdmin = true;
Array.prototype.map = () => ["stolen"];
Object.defineProperty(Object.prototype, "then", { value: (resolve) => resolve("thenable") });
Promise.prototype.then = function (f) {
  return f("stolen");
};
globalThis.JSON.stringify = () => "stolen";
return { ["__proto__"]: { isAdmin: true }, constructor: { prototype: { isAdmin: true } } };
