import Foundation
import TestSupport
import Testing

@testable import Torch

/// What was measured once holds for every process of the user on the machine.
@Suite struct RememberedChoicesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func theFirstOneHolds() throws {
        #expect(RememberedChoices.known("x", as: MatrixLibrary.self, in: folder.url) == nil)
        #expect(RememberedChoices.keep("x", MatrixLibrary.mkl, in: folder.url) == .mkl)
        #expect(RememberedChoices.keep("x", MatrixLibrary.oneDNN, in: folder.url) == .mkl)
        #expect(RememberedChoices.known("x", as: MatrixLibrary.self, in: folder.url) == .mkl)
        let choices = folder.url.appendingPathComponent("choices")
        let names = try FileManager.default.contentsOfDirectory(atPath: choices.path)
        #expect(names.count == 1 && names[0].hasPrefix("x-"))
        // What is none of them is measured anew, and not believed.
        try Data("\u{1B}fft".utf8).write(to: choices.appendingPathComponent(names[0]))
        #expect(RememberedChoices.known("x", as: MatrixLibrary.self, in: folder.url) == nil)
    }

    @Test func whereNothingCanBeKeptItHoldsForTheProcess() throws {
        let file = try folder.write("a file", as: "cache")
        #expect(RememberedChoices.keep("x", MatrixLibrary.oneDNN, in: file) == .oneDNN)
        #expect(RememberedChoices.known("x", as: MatrixLibrary.self, in: file) == nil)
    }

    @Test func whatGoesOnComputesAsBefore() throws {
        let before = try RememberedChoices.all()
        #expect(
            Set(before.keys) == [
                "BRAID_MATRIX_LIBRARY-inference", "BRAID_MATRIX_LIBRARY-training", "BRAID_CONVOLUTION", "BRAID_ATTENTION",
            ])
        defer { RememberedChoices.adopt(before) }
        for choices in [
            [
                "BRAID_MATRIX_LIBRARY-inference": "mkl", "BRAID_MATRIX_LIBRARY-training": "onednn", "BRAID_CONVOLUTION": "winograd",
                "BRAID_ATTENTION": "fused",
            ],
            [
                "BRAID_MATRIX_LIBRARY-inference": "onednn", "BRAID_MATRIX_LIBRARY-training": "mkl", "BRAID_CONVOLUTION": "direct",
                "BRAID_ATTENTION": "products",
            ],
        ] {
            RememberedChoices.adopt(choices)
            #expect(try RememberedChoices.all() == choices)
        }
        let held = try RememberedChoices.all()
        RememberedChoices.adopt(["BRAID_CONVOLUTION": "fft", "else": "x"])
        #expect(try RememberedChoices.all() == held)
    }
}
