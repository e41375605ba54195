// Answers in a page: LITERT is the folder of WebAssembly, from the build.
import * as litert from "@litertjs/core";
import { Translator } from "../../export/on_device/javascript/seq2seq.mjs";
import { answer, firstTokens } from "./answers.mjs";

let translator;
self.runtime = {
  async open(url) {
    await litert.loadLiteRt(new URL(LITERT, location.href).href);
    translator = await Translator.load(litert, url);
  },
  answer: (question) => answer(translator, question),
  firstTokens: (texts) => firstTokens(translator, texts),
};
