export { Seq2SeqError, Tokenizer } from "./text.mjs";
