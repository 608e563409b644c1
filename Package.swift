// swift-tools-version: 6.2
import Foundation
import PackageDescription

// The one place that knows where libtorch lies: `LIBTORCH`, else `.deps/libtorch`, which `scripts/setup.sh` fills.
let libtorch = locateLibtorch()

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "Braid",
    products: [
        .library(name: "Braid", targets: ["Braid", "Torch", "BraidSupport", "BraidTokenizers", "BraidHub"]),
        // The command as a library, for executables that bring encoders of their own: docs/adding-an-encoder.md.
        .library(name: "BraidCLI", targets: ["BraidCLI"]),
        .executable(name: "braid", targets: ["BraidMain"]),
        // Loaded by CTorch at its first call: docs/decisions/005-libtorch-on-demand.md.
        .library(name: "braidtorch", type: .dynamic, targets: ["CTorchBackend"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(
            name: "CTorchBackend",
            // Loops over all values of a layer, which a debug build would make ten times slower.
            cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])],
            cxxSettings: [
                .headerSearchPath("../CTorch/include"),
                .unsafeFlags([
                    "-isystem", "\(libtorch)/include",
                    "-isystem", "\(libtorch)/include/torch/csrc/api/include",
                    "-Wall", "-Wextra", "-Werror",
                ]),
            ],
            linkerSettings: [
                .unsafeFlags([
                    "-L\(libtorch)/lib",
                    // First beside itself, where `make install` puts libtorch; then where this checkout has it.
                    "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN",
                    "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib",
                ]),
                .linkedLibrary("torch_cpu"),
                .linkedLibrary("c10"),
            ]),
        .target(
            name: "CTorch",
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
            linkerSettings: [.unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/braid"])]),
        .target(
            name: "BraidSupport", dependencies: [.product(name: "Crypto", package: "swift-crypto")], swiftSettings: strict),
        .target(name: "Torch", dependencies: ["BraidSupport", "CTorch"], swiftSettings: strict),
        .target(name: "BraidTokenizers", dependencies: ["BraidSupport"], swiftSettings: strict),
        .target(
            name: "BraidHub",
            dependencies: ["BraidSupport", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict,
            // FoundationNetworking's own need, which static linking does not see to.
            linkerSettings: [.linkedLibrary("curl", .when(platforms: [.linux]))]),
        .target(
            name: "CImageCodecs",
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
            linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg")]),
        // FFmpeg's libraries are loaded when a file wants them, as those of rarer pictures are: CImageCodecs/library.h.
        .target(name: "CFFmpeg", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .systemLibrary(name: "CSound"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CZstd"),
        // DuckDB is loaded when a Parquet file wants it: from beside the program, from where `scripts/setup.sh` puts it, or as the loader finds it.
        .target(
            name: "CParquet",
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
            linkerSettings: [
                .unsafeFlags([
                    "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/braid",
                    "-Xlinker", "-rpath", "-Xlinker", "\(Context.packageDirectory)/.deps/duckdb",
                ])
            ]),
        .target(
            name: "Braid",
            dependencies: [
                "BraidSupport", "BraidTokenizers", "BraidHub", "Torch", "CFFmpeg", "CImageCodecs", "CParquet", "CSound", "CZlib",
                "CZstd", "Yams",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            resources: [.copy("Resources/weights")],
            swiftSettings: strict),
        .target(
            name: "BraidCLI",
            dependencies: ["Braid", "BraidHub", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict),
        .executableTarget(name: "BraidMain", dependencies: ["BraidCLI"], swiftSettings: strict),
        // What benchmarks/ and make parity time and compare alone.
        .executableTarget(
            name: "BraidBench", dependencies: ["Braid", "BraidTokenizers", "Torch"], path: "benchmarks/BraidBench",
            swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["BraidSupport", "Torch"], path: "Tests/TestSupport",
            exclude: ["hub_server.py", "mlflow_server.py"],
            swiftSettings: strict),
        .testTarget(name: "TorchTests", dependencies: ["Torch", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "BraidSupportTests", dependencies: ["BraidSupport", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "BraidTokenizersTests", dependencies: ["BraidTokenizers", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "BraidHubTests", dependencies: ["BraidHub", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "BraidTests", dependencies: ["Braid", "BraidHub", "TestSupport"], swiftSettings: strict),
        // A user's own executable with an encoder of its own, which tests run.
        .executableTarget(
            name: "Extensions", dependencies: ["Braid", "BraidCLI", "Torch"], path: "Tests/Extensions", swiftSettings: strict),
        .testTarget(
            name: "BraidCLITests", dependencies: ["BraidMain", "Extensions", "TestSupport"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)

/// The folder that holds libtorch's `lib` and `include`, its version checked, so that a wrong one is refused in one sentence.
func locateLibtorch() -> String {
    let wanted = "2.13.0"
    let environment = ProcessInfo.processInfo.environment
    let folder = environment["LIBTORCH"] ?? "\(Context.packageDirectory)/.deps/libtorch"
    // 2.11 to 2.13 keep the numbers in the first header; earlier ones had them in the second.
    let headers = ["include/torch/headeronly/version.h", "include/torch/csrc/api/include/torch/version.h"]
    let text = headers.compactMap { try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
        .first { $0.contains("#define TORCH_VERSION_MAJOR") }
    guard let text else {
        fatalError(
            "libtorch \(wanted) is not in \(folder): run scripts/setup.sh, or set LIBTORCH to a folder that has its lib and include."
        )
    }
    let numbers = ["MAJOR", "MINOR", "PATCH"].map { part in
        text.split(separator: "\n").first { $0.hasPrefix("#define TORCH_VERSION_\(part) ") }?.split(separator: " ").last.map(
            String.init) ?? "?"
    }
    let found = numbers.joined(separator: ".")
    guard found == wanted || environment["LIBTORCH_ANY_VERSION"] == "1" else {
        fatalError(
            "libtorch in \(folder) is version \(found), Braid needs \(wanted): run scripts/setup.sh with LIBTORCH unset, or set LIBTORCH_ANY_VERSION=1 to try this one."
        )
    }
    return folder
}
