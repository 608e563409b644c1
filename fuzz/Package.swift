// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "BraidFuzz",
    dependencies: [.package(name: "Braid", path: "..")],
    targets: [
        // The driver that `-sanitize=fuzzer` links: run.sh says what else that takes.
        .target(name: "LibFuzzer"),
        .executableTarget(name: "Fuzz", dependencies: ["LibFuzzer", .product(name: "Braid", package: "Braid")]),
    ],
    swiftLanguageModes: [.v6]
)
