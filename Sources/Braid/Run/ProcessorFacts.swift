internal import Foundation

/// What the system says of the processor.
struct ProcessorFacts {
    let model: String
    /// The extensions of its instruction set that libtorch gains by.
    let extensions: [String]

    private static let known = [
        ("avx2", "AVX2"), ("avx512f", "AVX-512"), ("avx512_vnni", "VNNI"), ("avx512_bf16", "bf16"), ("amx_tile", "AMX"),
        ("asimd", "NEON"), ("sve", "SVE"),
    ]

    /// - Parameter text: What `/proc/cpuinfo` holds.
    init(_ text: String? = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) {
        var fields: [String: String] = [:]
        for line in (text ?? "").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2, fields[parts[0]] == nil { fields[parts[0]] = parts[1] }
        }
        model = fields["model name"] ?? fields["CPU part"].map { "ARM part \($0)" } ?? "unknown processor"
        let flags = Set((fields["flags"] ?? fields["Features"] ?? "").split(separator: " ").map(String.init))
        extensions = Self.known.filter { flags.contains($0.0) }.map(\.1)
    }
}
