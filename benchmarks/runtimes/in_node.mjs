// Answers in Node: node in_node.mjs PACKAGES MODEL.tflite QUESTION.json ANSWER.json
import { readFileSync, writeFileSync } from "node:fs";
import { litertInNode } from "../../export/on_device/javascript/node_litert.mjs";
import { Translator } from "../../export/on_device/javascript/seq2seq.mjs";
import { answer, firstTokens } from "./answers.mjs";

const [, , packages, file, question, out] = process.argv;
const litert = await litertInNode(`${packages}/node_modules/@litertjs/core`);
const bytes = new Uint8Array(readFileSync(file));
const translator = await Translator.open(litert, bytes, readFileSync(`${file}.json`, "utf8"));
const { timed, ...asked } = JSON.parse(readFileSync(question, "utf8"));
const found = await (timed ? firstTokens(translator, timed) : answer(translator, asked));
writeFileSync(out, JSON.stringify(found));
process.exit(0); // LiteRT.js leaves something open
