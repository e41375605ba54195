// Tokenizes texts and detokenizes ids: node tokenize_texts.mjs QUESTION.json ANSWER.json
import { readFileSync, writeFileSync } from "node:fs";
import { Tokenizer } from "../../../../export/on_device/javascript/seq2seq.mjs";

const [, , question, answer] = process.argv;
const { rules, texts, ids } = JSON.parse(readFileSync(question, "utf8"));
const [source, target] = ["source", "target"].map((side) => new Tokenizer(rules, side));
const found = {
  ids: texts.map((text) => [...source.encode(text).ids]),
  texts: ids.map((some) => target.decode(some)),
};
writeFileSync(answer, JSON.stringify(found));
