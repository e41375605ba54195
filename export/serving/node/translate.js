// Translates with a SavedModel in this process: texts from the command line, or lines from stdin.
//
//     bash translate.sh [--signature beam] [--json] SAVED_MODEL_VERSION_DIRECTORY [TEXT...]
//
// As a module: const { Translator } = require("./translate.js"), started with the LD_PRELOAD of translate.sh.

"use strict";

const readline = require("node:readline");
const { parseArgs } = require("node:util");

const MOST_AT_ONCE = 32; // texts in one call

/**
 * A SavedModel, loaded once.
 *
 *     const translator = await Translator.load("served/mine/1");
 *     translator.translate(["저는 학생이에요."]);  // ["I am a student."]
 */
class Translator {
  constructor(tf, model) {
    this.tf = tf;
    this.model = model;
  }

  /** Loads one signature of the version directory (the one that holds saved_model.pb). */
  static async load(directory, signature = "serving_default") {
    const tf = require("@tensorflow/tfjs-node"); // here, so that --help needs no build
    return new Translator(tf, await tf.node.loadSavedModel(directory, ["serve"], signature));
  }

  /** Texts [B] -> all outputs by name, each an array of B values or, of a beam, of B arrays. */
  run(texts) {
    const outputs = {};
    for (let start = 0; start < texts.length; start += MOST_AT_ONCE) {
      const answer = this.tf.tidy(() => {
        const text = this.tf.tensor1d(texts.slice(start, start + MOST_AT_ONCE), "string");
        const tensors = this.model.predict({ text });
        return Object.entries(tensors).map(([name, tensor]) => [name, tensor.arraySync()]);
      });
      for (const [name, values] of answer) {
        outputs[name] = (outputs[name] ?? []).concat(values);
      }
    }
    return outputs;
  }

  /** Texts [B] -> their translations [B]; the best of each if the signature gives several. */
  translate(texts) {
    if (texts.length === 0) return [];
    return this.run(texts).text.map((found) => (Array.isArray(found) ? found[0] : found));
  }

  dispose() {
    this.model.dispose();
  }
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      signature: { type: "string", default: "serving_default" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [directory, ...texts] = positionals;
  if (values.help || directory === undefined) {
    console.error("usage: translate.sh [--signature NAME] [--json] VERSION_DIRECTORY [TEXT...]");
    return values.help ? 0 : 2;
  }
  if (texts.length === 0) {
    for await (const line of readline.createInterface({ input: process.stdin })) texts.push(line);
  }
  const translator = await Translator.load(directory, values.signature);
  if (values.json) console.log(JSON.stringify(translator.run(texts)));
  else for (const text of translator.translate(texts)) console.log(text);
  translator.dispose();
  return 0;
}

module.exports = { Translator };

if (require.main === module) {
  main().then(
    (code) => (process.exitCode = code),
    (error) => {
      console.error(`error: ${error.message}`);
      process.exitCode = 1;
    },
  );
}
