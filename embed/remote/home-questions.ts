// Questions of host functions, whose runs are in a worker: it interrupts the run with the number of the question. What
// was asked, and who waits for the answer, stays here.
import type { Interrupt } from "../../policy-libs/index.ts";
import { newQuestions, type Question } from "../questions.ts";
import { OP, type Post } from "./frame.ts";

export interface HomeQuestions {
  readonly ask: Interrupt;
  /** The question that a worker means, if there is one. */
  find(id: unknown): Question | undefined;
}

export function newHomeQuestions(post: Post): HomeQuestions {
  const open = new Map<unknown, Question>();
  const questions = newQuestions(() => undefined);
  let next = 1;
  return {
    find: (id) => open.get(id),
    ask(what) {
      const answer = questions.ask(what);
      const question = questions.last();
      if (question === undefined || question.asked !== what) return answer; // nobody waits for the call any more
      const id = next++;
      open.set(id, question);
      post(OP.ASK, [id]);
      answer.then(
        () => open.delete(id),
        () => open.delete(id) && post(OP.UNASK, [id]),
      );
      return answer;
    },
  };
}
