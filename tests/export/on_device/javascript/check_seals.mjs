// Whether each text is as it was written: node check_seals.mjs QUESTION.json ANSWER.json
import { readFileSync, writeFileSync } from "node:fs";
import { checkSeal } from "../../../../export/on_device/javascript/seal.mjs";

const [, , question, answer] = process.argv;
const holds = (text) =>
  checkSeal(text).then(
    () => true,
    (error) => error.message,
  );
const { texts } = JSON.parse(readFileSync(question, "utf8"));
writeFileSync(answer, JSON.stringify(await Promise.all(texts.map(holds))));
