internal import CSound

/// Resamples a recording piece by piece, by libsoxr at its high quality. How it is cut into pieces changes nothing.
final class Resampler {
    private let handle: soxr_t
    private let (from, to): (Int, Int)

    /// - Throws: `DecodeError` where libsoxr refuses the rates.
    init(from: Int, to: Int) throws {
        (self.from, self.to) = (from, to)
        var error: soxr_error_t?
        var quality = soxr_quality_spec(UInt(SOXR_HQ), 0)
        guard let handle = soxr_create(Double(from), Double(to), 1, &error, nil, &quality, nil), error == nil else {
            throw Self.fault(from, to, error)
        }
        self.handle = handle
    }

    deinit { soxr_delete(handle) }

    /// What is ready once `samples` have come too.
    func process(_ samples: [Float]) throws -> [Float] {
        var result: [Float] = []
        var start = 0
        while start < samples.count {
            let (used, output) = try samples.withUnsafeBufferPointer { buffer in
                try step(buffer.baseAddress.map { UnsafeRawPointer($0 + start) }, samples.count - start)
            }
            result += output
            start += used
            if used == 0 && output.isEmpty { break }
        }
        return result
    }

    /// What is left when all samples have come.
    func finish() throws -> [Float] {
        var result: [Float] = []
        while case let (_, output) = try step(nil, 0), !output.isEmpty { result += output }
        return result
    }

    private func step(_ input: UnsafeRawPointer?, _ count: Int) throws -> (used: Int, output: [Float]) {
        let capacity = Int((Double(max(count, 4096)) * Double(to) / Double(from)).rounded(.up)) + 16
        var (used, written) = (0, 0)
        var error: soxr_error_t?
        let output = [Float](unsafeUninitializedCapacity: capacity) { buffer, made in
            error = soxr_process(handle, input, count, &used, buffer.baseAddress, capacity, &written)
            made = error == nil ? written : 0
        }
        if let error { throw Self.fault(from, to, error) }
        return (used, output)
    }

    private static func fault(_ from: Int, _ to: Int, _ error: soxr_error_t?) -> DecodeError {
        DecodeError(path: "resampling \(from) Hz to \(to) Hz", reason: error.map { String(cString: $0) } ?? "refused")
    }
}
