// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "FusedClassifier",
    dependencies: [.package(name: "Braid", path: "../../..")],
    targets: [
        .executableTarget(
            name: "FusedClassifier",
            // braidtorch is the part that loads libtorch, at the first tensor.
            dependencies: [.product(name: "Braid", package: "Braid"), .product(name: "braidtorch", package: "Braid")])
    ],
    swiftLanguageModes: [.v6]
)
