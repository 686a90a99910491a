// Rewires what it was given, so that the next caller gets something else.
"use strict";
const outcomes = [];
const attempt = (what, act) => {
  try {
    act();
    outcomes.push(`${what}: done`);
  } catch (error) {
    outcomes.push(`${what}: ${error.name}`);
  }
};
attempt("replace a call", () => (tools.add = () => 42));
attempt("delete a call", () => delete tools.add);
attempt("mark the function", () => (tools.add.owner = "me"));
return [...outcomes, tools.add(20, 22)];
