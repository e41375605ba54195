import java.io.File
import keras.seq2seq.Tokenizer
import org.json.JSONArray
import org.json.JSONObject

/** Arguments: a file with a manifest, texts and ids; where to write what becomes of them. */
fun main(arguments: Array<String>) {
    val asked = JSONObject(File(arguments[0]).readText())
    val source = Tokenizer(asked.getJSONObject("manifest"), "source")
    val target = Tokenizer(asked.getJSONObject("manifest"), "target")
    val texts = asked.getJSONArray("texts")
    val ids = asked.getJSONArray("ids")
    val encoded = JSONArray()
    for (i in 0 until texts.length()) {
        encoded.put(JSONArray(source.encode(texts.getString(i)).ids.toList()))
    }
    val decoded = JSONArray()
    for (i in 0 until ids.length()) {
        val row = ids.getJSONArray(i)
        decoded.put(target.decode(IntArray(row.length()) { row.getInt(it) }))
    }
    File(arguments[1]).writeText(JSONObject().put("ids", encoded).put("texts", decoded).toString())
}
