internal import Foundation

/// The file format of faiss's flat indices (faiss/impl/index_write.cpp).
enum FaissFile {
    /// What stands in front of the values, float32, row by row.
    static func header(dimension: Int, count: Int) -> Data {
        var data = Data("IxFI".utf8)
        func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) } }
        append(Int32(dimension))
        append(Int64(count))
        // Two numbers that nothing reads any more.
        append(Int64(1 << 20))
        append(Int64(1 << 20))
        // It is trained; the metric is the inner product.
        append(UInt8(1))
        append(Int32(0))
        append(UInt64(dimension * count))
        return data
    }
}
