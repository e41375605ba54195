// Translates texts with LiteRT.js: node translate_texts.mjs QUESTION.json ANSWER.json
import { readFileSync, writeFileSync } from "node:fs";
import { litertInNode } from "../../../../export/on_device/javascript/node_litert.mjs";
import { Translator } from "../../../../export/on_device/javascript/seq2seq.mjs";

const [, , question, answer] = process.argv;
const { litert: folder, file, texts } = JSON.parse(readFileSync(question, "utf8"));
const litert = await litertInNode(folder);
const bytes = new Uint8Array(readFileSync(file));
const translator = await Translator.open(litert, bytes, readFileSync(`${file}.json`, "utf8"));
const found = { verified: await translator.verify(), translated: [], streamed: [], beams: [] };
for (const text of texts) {
  found.translated.push(await translator.translate(text));
  let last;
  for await (const step of translator.stream(text)) last = { ...step, logProbs: null };
  found.streamed.push(last);
  found.beams.push(await translator.nBest(text));
}
await translator.delete();
writeFileSync(answer, JSON.stringify(found));
