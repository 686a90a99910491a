// Source text that leaves the braces in which it is compiled, to run where it was only to be parsed. `evil` is granted.

/** No program, whatever goal it is parsed for: each must be a SyntaxError, and nothing of it may run. */
export const SMUGGLED: readonly string[] = [
  "}); evil(); (() => {",
  "}); evil(); (async () => {",
  "})(); evil(); (function () {",
  "}; evil(); () => {",
  "} evil(); {",
  "}\nevil()\n{",
  "}\revil()\r{",
  "}\u2028evil()\u2028{",
  "}}; evil(); {{",
  "}}}}); evil(); ({ a() { if (1) { {",
  ") { evil() } function f(",
  "){}; evil(); (function(",
  "`; evil(); `${",
  "*/ evil(); /*",
  "*/ }); evil(); /*",
  "return 1 }); evil(); (async () => {",
  "return 1\n}\nevil()\nasync function f() {",
  "return 1 } , evil() , { ",
  "return 1 } static { evil() } x() {",
  "export default 1 }); evil(); (() => {",
  "import 'a' }); evil(); (() => {",
  "await 0 }); evil(); (() => {",
  "yield }); evil(); (() => {",
  "super(); } constructor() { evil(); ",
  '"use strict" }); evil(); (() => {',
  "evil(); }); (() => {",
  "evil(); return `",
  "evil(); return /",
  "evil(); /* without an end",
  "evil(); '\\",
  "evil(); {",
  "evil(); }",
  "evil(); @",
  "evil(); \\u{110000}",
  "evil(); let let = 1; let x; let x;",
  "evil(); new.target.x = `${`}`",
  "evil(); ({ get a(b) {} })",
  "evil(); 'use strict'; 08 = 1",
  "#! evil\n}); evil(); (() => {",
  "<!-- \n}); evil(); (() => {",
  "//\u2029}); evil(); (() => {",
  "//# sourceURL=x\n}); evil(); (() => {",
  "\0}); evil(); (() => {",
  "\ufeff}); evil(); (() => {",
];

/** The like in the syntax of TypeScript: what is to be taken away must not take a brace with it, or leave one. */
export const SMUGGLED_TYPES: readonly string[] = [
  "type A = { }); evil(); (() => { }",
  "let a: { }); evil(); (() => { = 1",
  "let a: `}`); evil(); (() => {` = 1 }",
  "function f(a: { }) { } }); evil(); (() => {",
  "enum E { A = 1 }); evil(); (() => { }",
  "namespace N { }); evil(); (() => { } }",
  "declare function f(); }); evil(); (() => {",
  "abstract class A { abstract f(); }); evil(); (() => { }",
  "const a = 1 as { }); evil(); (() => { }",
  "const a = <T>() => { }); evil(); (() => {",
  "let a!: number }); evil(); (() => {",
];

/** Text that only looks like it: it runs, and says "innocent". */
export const INNOCENT: readonly string[] = [
  "return `}); evil(); (() => {` && 'innocent'",
  "return '}); evil(); (() => {' && 'innocent'",
  "return /}\\); evil\\(\\); \\(\\(\\) => {/ && 'innocent'",
  "// }); evil(); (() => {\nreturn 'innocent'",
  "/* }); evil(); (() => { */ return 'innocent'",
  "return 'innocent' // }); evil(); (() => {",
  "return ({ '}); evil(); (() => {': 'innocent' })['}); evil(); (() => {']",
  "const f = (a = '}); evil(); (() => {') => a && 'innocent'; return f()",
];

/** The same for types. */
export const INNOCENT_TYPES: readonly string[] = [
  "type A = '}); evil(); (() => {'; const a: string = 'innocent'; return a",
  "let a: `}); evil(); (() => {` | string = 'innocent'; return a",
  "interface A { '}); evil(); (() => {': () => void } const a: A | string = 'innocent'; return a",
  "enum E { '}); evil(); (() => {' = 1, b = 'innocent' } return E.b",
  "const a = 'innocent' as unknown as '}); evil(); (() => {'; return a",
];
