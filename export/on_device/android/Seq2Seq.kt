// Translates with a .tflite file of keras_seq2seq, in Kotlin, by LiteRT's CompiledModel.
//
// NOT RUN ON A PHONE: its authors had none. Tokenizers and manifest were run on a desktop's Java
// and compared with the library's; the calls of LiteRT were only compiled. README.md says more.
//
//     implementation("com.google.ai.edge.litert:litert:2.3.0")      // Google's Maven; minSdk 24
//
//     Translator(File(dir, "ko_en.tflite")).use { println(it.translate("저는 학생이에요.").text) }
//
// Open it off the main thread, once, and keep it. It is for one thread at a time.
package keras.seq2seq

import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.TensorBuffer
import com.google.ai.edge.litert.TensorType
import java.io.File
import java.security.MessageDigest
import java.text.Normalizer
import java.util.PriorityQueue
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

/** What keeps a file from being used, or a text from being translated, and what helps. */
class Seq2SeqException(message: String) : Exception(message)

private const val FORMAT = 3
private const val SPECIAL = 4 // ids of PAD, UNK, BOS and EOS
private const val SPACE = "\u2581" // how SentencePiece writes a space
private const val BLANK = 0x20
private const val NORMAL = '1'
private const val CONTROL = '3'
private const val USER_DEFINED = '4'
private const val UNUSED = '5'
private const val BYTE = '6'
private const val FAR = 100000f // a sum of scores from which SentencePiece counts anew

// What the second byte of UTF-8 is at least and at most behind some first ones.
private val LEAST_SECOND = mapOf(0xe0 to 0xa0, 0xf0 to 0x90)
private val MOST_SECOND = mapOf(0xed to 0x9f, 0xf4 to 0x8f)

// === The model ===

/** The answer to one source: `isCut` if the source was longer than what the model reads. */
class Translation(
    val text: String, val ids: IntArray, val score: Float, val isCut: Boolean
)

/**
 * A .tflite file and the manifest beside it, checked.
 *
 * Throws a [Seq2SeqException] if the file is not the manifest's, or the manifest of another format.
 */
class Translator(
    file: File,
    manifestFile: File = File(file.path + ".json"),
    threads: Int = 1
) : AutoCloseable {
    private val manifest = read(manifestFile)
    private val source: Tokenizer
    private val target: Tokenizer
    private val targetLength = manifest.getInt("max_target_length") // T
    private val targetSize = manifest.getInt("target_vocabulary_size") // V
    private val bos = manifest.getInt("bos_id")
    private val eos = manifest.getInt("eos_id")
    private val model: CompiledModel
    private val buffers = ArrayList<TensorBuffer>() // to be closed
    private val translate: Signature
    private val encode by lazy { Signature("encode") }
    private val decodeStep by lazy { Signature("decode_step") }

    init {
        check(file, manifest.getString("sha256"))
        try {
            source = Tokenizer(manifest, "source")
            target = Tokenizer(manifest, "target")
        } catch (error: JSONException) {
            throw Seq2SeqException("$manifestFile lacks something: ${error.message}. Export again.")
        }
        val options = CompiledModel.Options(Accelerator.CPU)
        // Without the cache every signature packs the weights anew. It must not be a file, which
        // LiteRT would take for the cache of another model, too.
        options.cpuOptions =
            CompiledModel.CpuOptions(numThreads = threads, xnnPackWeightCachePath = ":memory")
        model = CompiledModel.create(file.path, options)
        translate = Signature("translate")
    }

    /** Translates a text; the whole answer comes at once. */
    fun translate(text: String): Translation {
        val encoded = source.encode(text)
        translate.write("ids", encoded.ids)
        translate.run()
        val length = translate.readInts("length")[0]
        val score = translate.readFloats("score")[0]
        if (length !in 0..targetLength) {
            throw Seq2SeqException(
                "The model gave a length of $length, but lengths are 0 to $targetLength. The " +
                    "file is damaged, or the runtime wrong."
            )
        }
        val ids = translate.readInts("ids").copyOf(length)
        ids.forEach { check(it, score) }
        return Translation(target.decode(ids), ids, score, encoded.isCut)
    }

    /**
     * Translates a text step by step, greedily, and tells all of the text that there is by now.
     * Stops when `listener` gives false.
     */
    fun stream(text: String, listener: (String) -> Boolean): Translation {
        val encoded = source.encode(text)
        encode.write("ids", encoded.ids)
        encode.run()
        var ids = IntArray(0)
        var score = 0f
        if (encode.readInts("finished")[0] == 0) {
            decodeStep.take(encode)
            var token = bos
            while (ids.size < targetLength) {
                decodeStep.write("ids", intArrayOf(token))
                decodeStep.run()
                token = decodeStep.readInts("next_ids")[0]
                val step = decodeStep.readFloats("score")[0]
                check(token, step)
                score += step
                if (token == eos) break
                ids += token
                if (!listener(target.decode(ids))) break
                decodeStep.take(decodeStep)
            }
        }
        return Translation(target.decode(ids), ids, score, encoded.isCut)
    }

    override fun close() {
        buffers.forEach { it.close() }
        model.close()
    }

    private fun check(id: Int, score: Float) {
        if (id in 0 until targetSize && !score.isNaN() && !score.isInfinite()) return
        throw Seq2SeqException(
            "The model gave the id $id with the score $score, but ids are 0 to " +
                "${targetSize - 1}. The file is damaged, or the runtime wrong."
        )
    }

    /** The buffers of one signature, whose shapes must be those of the manifest. */
    private inner class Signature(private val name: String) {
        private val said: JSONObject = manifest.getJSONObject("signatures").optJSONObject(name)
            ?: throw Seq2SeqException("The file has no signature $name. Export it again.")
        private val inputs = names("inputs").associateWith { model.createInputBuffer(it, name) }
        private val outputs = names("outputs").associateWith { model.createOutputBuffer(it, name) }

        init {
            buffers += inputs.values
            buffers += outputs.values
            for (key in inputs.keys) compare("inputs", key, model.getInputTensorType(key, name))
            for (key in outputs.keys) compare("outputs", key, model.getOutputTensorType(key, name))
        }

        private fun names(side: String) = said.getJSONObject(side).keys().asSequence().toList()

        private fun compare(side: String, key: String, type: TensorType) {
            val expected = said.getJSONObject(side).getJSONObject(key)
            val shape = expected.getJSONArray("shape").ints()
            val isFloat = expected.getString("dtype") == "float32"
            val element =
                if (isFloat) TensorType.ElementType.FLOAT else TensorType.ElementType.INT
            val found = type.layout?.dimensions
            if (type.elementType == element && (found == null || found == shape)) return
            throw Seq2SeqException(
                "$key of $name is ${type.elementType} $found in the file, but $element $shape in " +
                    "the manifest. Copy both again: they belong together."
            )
        }

        fun run() = model.run(inputs, outputs, name)

        fun write(key: String, values: IntArray) = inputs.getValue(key).writeInt(values)

        fun readInts(key: String): IntArray = outputs.getValue(key).readInt()

        fun readFloats(key: String): FloatArray = outputs.getValue(key).readFloat()

        /** Copies what another step gave, memory and states, to the inputs of the same names. */
        fun take(other: Signature) {
            for ((key, buffer) in inputs) {
                val given: TensorBuffer = other.outputs[key] ?: continue
                val type = said.getJSONObject("inputs").getJSONObject(key).getString("dtype")
                if (type == "float32") buffer.writeFloat(given.readFloat())
                else buffer.writeInt(given.readInt())
            }
        }
    }

    companion object {
        private fun read(file: File): JSONObject {
            val manifest =
                try {
                    JSONObject(file.readText())
                } catch (error: JSONException) {
                    throw Seq2SeqException("$file is no JSON: ${error.message}. Copy it again.")
                }
            val format = manifest.optInt("format")
            if (format == FORMAT) return manifest
            throw Seq2SeqException("$file has the format $format, not $FORMAT. Export again.")
        }

        private fun check(file: File, sha256: String) {
            val digest = MessageDigest.getInstance("SHA-256")
            val block = ByteArray(1 shl 16)
            file.inputStream().use {
                while (true) {
                    val count = it.read(block)
                    if (count < 0) break
                    digest.update(block, 0, count)
                }
            }
            val found = digest.digest().joinToString("") { "%02x".format(it) }
            if (found == sha256) return
            throw Seq2SeqException(
                "$file has the SHA-256 ${found.take(12)}..., but its manifest says " +
                    "${sha256.take(12)}.... Copy both again: they belong together."
            )
        }
    }
}

// === Text to ids and back ===

/** `ids` are S, with EOS and padding; `length` counts EOS. */
class Encoded(val ids: IntArray, val length: Int, val isCut: Boolean)

/** The tokenizer of one side of a manifest, `source` or `target`. */
class Tokenizer(manifest: JSONObject, side: String) {
    private val record: JSONObject
    private val unk = manifest.getInt("unk_id")
    private val pad = manifest.getInt("pad_id")
    private val eos = manifest.getInt("eos_id")
    private val limit = manifest.getInt("max_source_length") // S
    private val isComposed: Boolean
    private val dummySpace: String
    private val surfaces: List<ByteArray>
    private val normalization: Normalization?
    private val pieces: (String) -> IntArray

    init {
        val rules = manifest.getJSONObject(side)
        val vocabularies = manifest.getJSONArray("vocabularies")
        record = vocabularies.getJSONObject(rules.getInt("vocabulary"))
        isComposed = rules.getJSONObject("normalization").optString("form") == "NFD"
        dummySpace = record.optString("dummy_space", "")
        surfaces = surfaces()
        // A target's text is never read.
        normalization =
            if (rules.has("truncation")) Normalization(manifest, rules, record) else null
        pieces = if (normalization == null) { _ -> IntArray(0) } else reader()
    }

    /** What the model reads of a source. */
    fun encode(text: String): Encoded {
        val rules = normalization ?: throw Seq2SeqException("A target's tokenizer reads no text.")
        val found = pieces(rules.begin(text))
        val length = minOf(found.size, limit - 1)
        val ids = IntArray(limit) { if (it < length) found[it] else if (it == length) eos else pad }
        return Encoded(ids, length + 1, found.size > length)
    }

    /** The text of ids; ids outside of the vocabulary are UNK. */
    fun decode(ids: IntArray): String {
        val bytes = java.io.ByteArrayOutputStream()
        for (id in ids) bytes.write(surfaces.getOrElse(id) { surfaces[unk] })
        var text = decoded(bytes.toByteArray())
        if (dummySpace == "start") text = text.removePrefix(" ")
        if (dummySpace == "end") text = text.removeSuffix(" ")
        return if (isComposed) Normalizer.normalize(text, Normalizer.Form.NFC) else text
    }

    private fun surfaces(): List<ByteArray> {
        val unknown = record.optString("unknown_surface", "\ufffd").toByteArray()
        val nothing = ByteArray(0)
        if (record.getString("kind") == "bytes") {
            return List(SPECIAL + 256) {
                if (it == unk) unknown
                else if (it < SPECIAL) nothing
                else byteArrayOf((it - SPECIAL).toByte())
            }
        }
        val types = record.optString("types", "")
        return record.getJSONArray("pieces").strings().mapIndexed { id, piece ->
            val type = types.getOrElse(id) { if (id < SPECIAL) CONTROL else NORMAL }
            when {
                id == unk -> unknown
                type == CONTROL -> nothing
                type == BYTE -> byteArrayOf(hexadecimal(piece).toByte())
                types.isEmpty() -> piece.toByteArray()
                else -> piece.replace(SPACE, " ").toByteArray()
            }
        }
    }

    private fun reader(): (String) -> IntArray {
        val kind = record.getString("kind")
        if (kind == "bytes") {
            return { text ->
                text.toByteArray().map { SPECIAL + (it.toInt() and 0xff) }.toIntArray()
            }
        }
        if (kind == "characters") {
            val ids = HashMap<String, Int>()
            record.getJSONArray("pieces").strings().forEachIndexed { id, piece ->
                if (id >= SPECIAL) ids[piece] = id
            }
            return { text -> text.characters().map { ids[it] ?: unk }.toIntArray() }
        }
        if (kind == "unigram" || kind == "bpe") return SentencePiece(record, unk, kind)::read
        throw Seq2SeqException("The vocabulary is of the kind $kind, which this client lacks.")
    }
}

/** What comes before the pieces: blank sources, long ones, one spelling. */
private class Normalization(manifest: JSONObject, rules: JSONObject, record: JSONObject) {
    private val options = rules.getJSONObject("normalization")
    private val truncation = rules.getJSONObject("truncation")
    private val tables = manifest.getJSONObject("tables")
    private val form =
        if (options.isNull("form")) null else Normalizer.Form.valueOf(options.getString("form"))
    private val isLowered = options.getBoolean("lowercase")
    private val isCollapsed = options.getBoolean("collapse_whitespace")
    private val isCleared = options.getBoolean("drop_invisible")
    private val longText = truncation.getInt("long_text")
    private val longestRun = truncation.getInt("longest_run")
    private val farthest = truncation.getInt("farthest")
    private val needed = truncation.getInt("characters")
    private val whiteSpace = Ranges(tables.getJSONArray("white_space"))
    private val invisible = Ranges(tables.getJSONArray("invisible"))
    private val unseen = Ranges(tables.getJSONArray("unseen"))
    private val marks = Ranges(tables.getJSONArray("marks"))
    private val greek = Ranges(tables.getJSONArray("greek"))
    private val known: Ranges? = record.optJSONArray("known_characters")?.let { Ranges(it) }
    private val small = HashMap<Int, Int>()

    init {
        val lower = tables.getJSONArray("lower")
        for (i in 0 until lower.length()) {
            val pair = lower.getJSONArray(i).ints()
            small[pair[0]] = pair[1]
        }
    }

    /** The normalized beginning of a source: as much of it as its ids need. */
    fun begin(source: String): String {
        val text = source.codes()
        val isBlank = text.all { it in whiteSpace || isCleared && (it in invisible || it in unseen) }
        if (isBlank) return ""
        val reach = 4 * (needed + longText)
        val part = cut(text, reach) { it in whiteSpace }
        var read = read(part)
        val isWhole = part.size == text.size || reach + longText >= farthest
        if (!isWhole && read.size < needed + 2 * longText) {
            read = read(text.copyOf(minOf(farthest, text.size)))
        }
        return cut(read, needed) { it == BLANK }.text()
    }

    private fun read(codes: IntArray): IntArray {
        var text = codes
        if (isCleared) text = text.filterNot { it in invisible }.toIntArray()
        if (form != null) {
            text = cap(text) { it in marks }
            text = Normalizer.normalize(text.text(), form).codes()
            text = cap(text) { it in marks }
        }
        if (isLowered) text = lower(text)
        if (isCollapsed) text = collapse(text)
        val known = known ?: return text
        return cap(text) { it !in known }
    }

    /** Leaves the beginning of each run of characters of a kind, if the text is long. */
    private fun cap(text: IntArray, isOfKind: (Int) -> Boolean): IntArray {
        if (text.size <= longText) return text
        var run = 0
        return text.filter {
            run = if (isOfKind(it)) run + 1 else 0
            run <= longestRun
        }.toIntArray()
    }

    private fun lower(text: IntArray): IntArray {
        val result = ArrayList<Int>(text.size)
        for ((i, code) in text.withIndex()) {
            val isFinal = code == 0x3a3 && i > 0 && text[i - 1] in greek &&
                (i + 1 == text.size || text[i + 1] !in greek)
            result.add(if (isFinal) 0x3c2 else if (code == 0x130) 0x69 else small[code] ?: code)
            if (code == 0x130) result.add(0x307)
        }
        return result.toIntArray()
    }

    private fun collapse(text: IntArray): IntArray {
        val result = ArrayList<Int>(text.size)
        for (code in text) {
            if (code !in whiteSpace) result.add(code)
            else if (result.isNotEmpty() && result.last() != BLANK) result.add(BLANK)
        }
        if (result.isNotEmpty() && result.last() == BLANK) result.removeAt(result.size - 1)
        return result.toIntArray()
    }

    /** The text up to the first space at or behind `count`, or so much and a long text more. */
    private fun cut(text: IntArray, count: Int, isSpace: (Int) -> Boolean): IntArray {
        val most = minOf(text.size, count + longText)
        for (i in count until most) if (isSpace(text[i])) return text.copyOf(i)
        return text.copyOf(most)
    }
}

/** Pieces of SentencePiece, unigram or BPE. */
private class SentencePiece(private val record: JSONObject, private val unk: Int, kind: String) {
    private val names = record.getJSONArray("pieces").strings()
    private val types = record.getString("types")
    private val scores = FloatArray(names.size) {
        record.getJSONArray("scores").getDouble(it).toFloat()
    }
    private val isSpelt = record.getBoolean("byte_fallback")
    private val isCollapsed = record.getBoolean("remove_extra_whitespaces")
    private val hasDummy = record.getBoolean("add_dummy_prefix")
    private val isSuffix = record.getBoolean("treat_whitespace_as_suffix")
    private val space = if (record.getBoolean("escape_whitespaces")) SPACE else " "
    private val rules =
        if (record.isNull("charsmap")) null else Charsmap(record.getString("charsmap"))
    private val userDefined = Pieces(names, types, "$USER_DEFINED")
    private val pieces = Pieces(
        names, types, if (kind == "bpe") "$NORMAL$USER_DEFINED$UNUSED" else "$NORMAL$USER_DEFINED"
    )
    private val bytes = HashMap<Int, Int>()
    private val unknownScore: Float
    private val split: (String) -> List<Pair<String, Int>> =
        if (kind == "bpe") this::bytePairs else this::unigram

    init {
        var least = Float.POSITIVE_INFINITY
        for (id in names.indices) {
            if (types[id] == NORMAL) least = minOf(least, scores[id])
            if (types[id] == BYTE) bytes[hexadecimal(names[id])] = id
            if (types[id] == USER_DEFINED && kind == "unigram") {
                scores[id] = (0.1 * (names[id].toByteArray().size - 1)).toFloat()
            }
        }
        unknownScore = least - 10
    }

    fun read(text: String): IntArray {
        val ids = ArrayList<Int>()
        var previous = -1
        for ((piece, id) in split(escaped(text))) {
            if (id == unk && isSpelt) {
                for (byte in piece.toByteArray()) ids.add(bytes[byte.toInt() and 0xff] ?: unk)
            } else if (id != unk || previous != unk) { // unknown ones in a row are one UNK
                ids.add(id)
            }
            previous = id
        }
        return ids.toIntArray()
    }

    /** What stands for the beginning of the text from `i` on, and where the rest begins. */
    private fun next(text: String, i: Int): Pair<String, Int> {
        val end = userDefined.longest(text, i)
        if (end > 0) return Pair(text.substring(i, end), end)
        val last = text.offsetByCodePoints(i, 1)
        return rules?.match(text, i) ?: Pair(text.substring(i, last), last)
    }

    private fun escaped(text: String): String {
        var i = 0
        while (isCollapsed && i < text.length) {
            val (piece, end) = next(text, i)
            if (piece != " ") break
            i = end
        }
        if (i >= text.length) return ""
        val written = StringBuilder()
        var isBehindSpace = isCollapsed
        while (i < text.length) {
            val (replaced, end) = next(text, i)
            val piece = if (isBehindSpace) replaced.trimStart(' ') else replaced
            if (piece.isNotEmpty()) isBehindSpace = isCollapsed && piece.endsWith(' ')
            written.append(piece)
            i = end
        }
        var result = written.toString().replace(" ", space)
        while (isCollapsed && result.endsWith(space)) result = result.removeSuffix(space)
        return if (!hasDummy) result else if (isSuffix) result + space else space + result
    }

    /** The best cut by the sum of the scores, rounded as SentencePiece 0.2.3 rounds. */
    private fun unigram(text: String): List<Pair<String, Int>> {
        val best = FloatArray(text.length + 1)
        val starts = IntArray(text.length + 1) { -1 }
        val ids = IntArray(text.length + 1)
        var last = 0

        fun offer(start: Int, end: Int, id: Int, score: Float) {
            val sum = best[start] + score
            last = maxOf(last, end)
            if (starts[end] >= 0 && sum <= best[end]) return
            best[end] = sum
            starts[end] = start
            ids[end] = id
        }

        var i = 0
        while (i < text.length) {
            val sum = best[i]
            if (sum > FAR || sum < -FAR) {
                for (j in i..last) if (j == i || starts[j] >= 0) best[j] -= sum
            }
            val one = text.offsetByCodePoints(i, 1)
            var isKnown = false
            pieces.each(text, i) { end, id ->
                offer(i, end, id, scores[id])
                isKnown = isKnown || end == one
            }
            if (!isKnown) offer(i, one, unk, unknownScore)
            i = one
        }
        val found = ArrayList<Pair<String, Int>>()
        var end = text.length
        while (end > 0) {
            found.add(Pair(text.substring(starts[end], end), ids[end]))
            end = starts[end]
        }
        return found.asReversed()
    }

    private class Symbol(var piece: String, val isFixed: Boolean, var before: Int, var next: Int)

    private class Join(val left: Int, val right: Int, val score: Float, val length: Int)

    /** Joins the pair of the best score, the first of several, until there is none. */
    private fun bytePairs(text: String): List<Pair<String, Int>> {
        val symbols = ArrayList<Symbol>()
        val agenda = PriorityQueue<Join>(11, compareBy({ -it.score }, { it.left }))
        val halves = HashMap<String, Pair<String, String>>() // of unused pieces

        fun look(left: Int, right: Int) {
            val a = symbols.getOrNull(left) ?: return
            val b = symbols.getOrNull(right) ?: return
            if (a.isFixed || b.isFixed) return
            val piece = a.piece + b.piece
            val id = pieces.ids[piece] ?: return
            agenda.add(Join(left, right, scores[id], piece.length))
            if (types[id] == UNUSED) halves[piece] = Pair(a.piece, b.piece)
        }

        var i = 0
        while (i < text.length) {
            val fixed = userDefined.longest(text, i)
            val end = if (fixed > 0) fixed else text.offsetByCodePoints(i, 1)
            val n = symbols.size
            symbols.add(Symbol(text.substring(i, end), fixed > 0, n - 1, n + 1))
            i = end
        }
        for (n in 1 until symbols.size) look(n - 1, n)
        while (true) {
            val pair = agenda.poll() ?: break
            val a = symbols[pair.left]
            val b = symbols[pair.right]
            val isOld = a.piece.isEmpty() || b.piece.isEmpty() ||
                a.piece.length + b.piece.length != pair.length
            if (isOld) continue
            a.piece += b.piece
            b.piece = ""
            a.next = b.next
            symbols.getOrNull(b.next)?.before = pair.left
            look(a.before, pair.left)
            look(pair.left, a.next)
        }
        val found = ArrayList<Pair<String, Int>>()

        fun emit(piece: String) {
            val id = pieces.ids[piece] ?: unk
            val parts = halves[piece]
            if (types[id] != UNUSED) {
                found.add(Pair(piece, id))
            } else if (parts != null) {
                emit(parts.first)
                emit(parts.second)
            } else {
                found.add(Pair(piece, unk))
            }
        }

        for (symbol in symbols) if (symbol.piece.isNotEmpty()) emit(symbol.piece)
        return found
    }
}

/** Pieces of some types by their text. */
private class Pieces(names: List<String>, types: String, wanted: String) {
    val ids = HashMap<String, Int>()
    private var longest = 0 // in UTF-16 units

    init {
        for ((id, name) in names.withIndex()) {
            if (types[id] !in wanted) continue
            ids[name] = id
            longest = maxOf(longest, name.length)
        }
    }

    /** Tells where each piece that the text has at `i` ends, short ones first, and its id. */
    inline fun each(text: String, i: Int, tell: (Int, Int) -> Unit) {
        for (end in i + 1..minOf(text.length, i + longest)) {
            val id = ids[text.substring(i, end)]
            if (id != null) tell(end, id)
        }
    }

    /** Where the longest one ends, or -1. */
    fun longest(text: String, i: Int): Int {
        var found = -1
        each(text, i) { end, _ -> found = end }
        return found
    }
}

/** SentencePiece's own rules; docs/manifest.md says how they are written. */
private class Charsmap(base64: String) {
    private val content = decodeBase64(base64)
    private val count = if (content.size >= 8) uint32(0) / 4 else 0
    private val strings = 4 + 4 * count

    init {
        if (count < 1 || strings > content.size) {
            throw Seq2SeqException("The charsmap of a vocabulary is broken. Export again.")
        }
    }

    /** What replaces the longest match at `start`, and where that ends. */
    fun match(text: String, start: Int): Pair<String, Int>? {
        var place = offset(unit(0) ?: 0)
        var found: Pair<String, Int>? = null
        var i = start
        while (i < text.length) {
            val end = text.offsetByCodePoints(i, 1)
            var unit = 0
            for (signed in text.substring(i, end).toByteArray()) {
                val byte = signed.toInt() and 0xff
                place = place xor byte
                unit = unit(place) ?: return found
                if (unit and (0xff or Int.MIN_VALUE) != byte) return found
                place = place xor offset(unit)
            }
            i = end
            if (unit and 0x100 != 0) {
                val at = (unit(place) ?: return found) and Int.MAX_VALUE
                found = Pair(string(at), i)
            }
        }
        return found
    }

    private fun offset(unit: Int) = unit ushr 10 shl (unit and 0x200 ushr 6)

    private fun unit(place: Int) = if (place in 0 until count) uint32(4 + 4 * place) else null

    private fun uint32(at: Int) =
        (0..3).fold(0) { sum, i -> sum or (content[at + i].toInt() and 0xff shl 8 * i) }

    private fun string(at: Int): String {
        var end = strings + at
        while (end < content.size && content[end] != 0.toByte()) end++
        return String(content, strings + at, end - strings - at, Charsets.UTF_8)
    }
}

/** Sorted ranges of code points. */
private class Ranges(array: JSONArray) {
    private val firsts = IntArray(array.length()) { array.getJSONArray(it).getInt(0) }
    private val lasts = IntArray(array.length()) { array.getJSONArray(it).getInt(1) }

    operator fun contains(code: Int): Boolean {
        val found = firsts.binarySearch(code)
        val place = if (found >= 0) found else -found - 2
        return place >= 0 && code <= lasts[place]
    }
}

// java.util.Base64 is there from Android 8 on only.
private fun decodeBase64(text: String): ByteArray {
    val letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    val result = java.io.ByteArrayOutputStream()
    var held = 0
    var bits = 0
    for (letter in text.trimEnd('=')) {
        held = held shl 6 or letters.indexOf(letter)
        bits += 6
        if (bits >= 8) {
            bits -= 8
            result.write(held shr bits and 0xff)
        }
    }
    return result.toByteArray()
}

/** UTF-8; U+FFFD for each maximal part of a character that is none. Java counts otherwise. */
private fun decoded(bytes: ByteArray): String {
    val text = StringBuilder()
    var i = 0
    while (i < bytes.size) {
        val first = bytes[i].toInt() and 0xff
        val rest = when (first) {
            in 0..0x7f -> 0
            in 0xc2..0xdf -> 1
            in 0xe0..0xef -> 2
            in 0xf0..0xf4 -> 3
            else -> -1
        }
        var code = if (rest < 1) first else first and (0x3f shr rest)
        var done = 1
        while (done <= rest && i + done < bytes.size) {
            val byte = bytes[i + done].toInt() and 0xff
            val least = if (done > 1) 0x80 else LEAST_SECOND[first] ?: 0x80
            val most = if (done > 1) 0xbf else MOST_SECOND[first] ?: 0xbf
            if (byte !in least..most) break
            code = code shl 6 or (byte and 0x3f)
            done++
        }
        text.appendCodePoint(if (rest < 0 || done <= rest) 0xfffd else code)
        i += done
    }
    return text.toString()
}

private fun hexadecimal(piece: String) = piece.substring(3, piece.length - 1).toInt(16) // <0xE2>

private fun JSONArray.strings() = List(length()) { getString(it) }

private fun JSONArray.ints() = List(length()) { getInt(it) }

/** Code points; lone surrogates become U+FFFD. */
private fun String.codes(): IntArray {
    val result = IntArray(codePointCount(0, length))
    var i = 0
    for (n in result.indices) {
        val code = codePointAt(i)
        result[n] = if (code in 0xd800..0xdfff) 0xfffd else code
        i += Character.charCount(code)
    }
    return result
}

private fun IntArray.text(): String = String(this, 0, size)

private fun String.characters() = codes().map { String(intArrayOf(it), 0, 1) }
