// The names of LiteRT's Kotlin interface 2.3 that Seq2Seq.kt uses, without what they do: for its
// compilation on a desktop.
package com.google.ai.edge.litert

enum class Accelerator { CPU }

class TensorType(val elementType: ElementType, val layout: Layout? = null) {
    enum class ElementType { INT, FLOAT }

    class Layout(val dimensions: List<Int>)
}

abstract class TensorBuffer : AutoCloseable {
    abstract fun writeInt(data: IntArray)
    abstract fun writeFloat(data: FloatArray)
    abstract fun readInt(): IntArray
    abstract fun readFloat(): FloatArray
}

abstract class CompiledModel : AutoCloseable {
    class CpuOptions(
        val numThreads: Int? = null,
        val xnnPackFlags: Int? = null,
        val xnnPackWeightCachePath: String? = null
    )

    class Options(vararg val accelerators: Accelerator) {
        var cpuOptions: CpuOptions? = null
    }

    abstract fun createInputBuffer(inputName: String, signature: String = ""): TensorBuffer
    abstract fun createOutputBuffer(outputName: String, signature: String = ""): TensorBuffer
    abstract fun getInputTensorType(inputName: String, signature: String = ""): TensorType
    abstract fun getOutputTensorType(outputName: String, signature: String = ""): TensorType
    abstract fun run(
        inputs: Map<String, TensorBuffer>,
        outputs: Map<String, TensorBuffer>,
        signature: String = ""
    )

    companion object {
        fun create(filePath: String, options: Options): CompiledModel =
            throw UnsupportedOperationException("$filePath $options")
    }
}
