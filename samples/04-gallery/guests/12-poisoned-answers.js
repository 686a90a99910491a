// Answers with things that do something when somebody looks at them.
return {
  get secret() {
    throw new Error("you looked");
  },
};
