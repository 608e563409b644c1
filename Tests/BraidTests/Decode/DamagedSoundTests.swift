import Foundation
import TestSupport
import Testing

@testable import Braid

/// A damaged recording is named, or sounds like the whole; never is what is left of it taken for all there is.
@Suite struct DamagedSoundTests {
    static let containers = ["wav", "rf64", "aiff", "au", "w64", "caf", "flac", "ogg", "opus", "mp3"]

    private func whole(_ container: String) throws -> Data {
        try Data(contentsOf: Fixtures.url("reports/sound/whole.\(container)"))
    }

    private func reason(_ bytes: Data) -> String? {
        do {
            _ = try AudioDecoder.decode(.bytes(bytes))
            return nil
        } catch { return "\(error)" }
    }

    @Test(arguments: containers) func wholeOnesAreRead(_ container: String) throws {
        let clip = try AudioDecoder.decode(.bytes(whole(container)))
        #expect(clip.rate == 16_000 && abs(clip.samples.count - 32_000) <= 4)
        #expect(clip == (try AudioDecoder.decode(.init(url: Fixtures.url("reports/sound/whole.\(container)")))))
    }

    @Test(arguments: containers) func cutOnesAreNamed(_ container: String) throws {
        let bytes = try whole(container)
        for tenth in 0..<10 {
            let cut = bytes.prefix(bytes.count * (2 * tenth + 1) / 20)
            #expect(reason(cut) != nil, "\(container), cut at \(cut.count) of \(bytes.count) bytes")
        }
    }

    @Test(arguments: containers) func damagedOnesAreNamedOrSoundAlike(_ container: String) throws {
        let bytes = try whole(container)
        let expected = try AudioDecoder.decode(.bytes(bytes)).samples
        for tenth in 0..<10 {
            var damaged = bytes
            let place = bytes.count * (2 * tenth + 1) / 20 + tenth
            damaged[damaged.startIndex + place] ^= UInt8(0x15 + 22 * tenth)
            guard let clip = try? AudioDecoder.decode(.bytes(damaged)) else { continue }
            #expect(clip.samples.count == expected.count, "\(container), byte \(place)")
            let different = zip(clip.samples, expected).count { abs($0 - $1) > 1e-3 }
            #expect(different * 10 <= expected.count, "\(container), byte \(place): \(different) samples differ")
        }
    }

    /// What players write behind the frames is no damage.
    @Test(arguments: ["APETAGEX", "LYRICSBEGIN", "TAG"]) func tagsBehindTheFramesAreNoDamage(_ name: String) throws {
        let bytes = try whole("mp3")
        let tag = Data(name.utf8) + Data(repeating: 0x20, count: 128 - name.utf8.count)
        #expect(try AudioDecoder.decode(.bytes(bytes + tag)).samples.count == AudioDecoder.decode(.bytes(bytes)).samples.count)
    }

    /// Every byte of what stands before the samples.
    @Test(arguments: ["wav", "aiff", "au", "w64", "rf64"]) func damagedHeadersAreNamedOrChangeNothing(_ container: String) throws {
        let bytes = try whole(container)
        let expected = try AudioDecoder.decode(.bytes(bytes)).samples
        let header = bytes.count - 64_000
        for place in 0..<header {
            for mask in [UInt8(1), 0x10, 0x80] {
                var damaged = bytes
                damaged[damaged.startIndex + place] ^= mask
                guard let clip = try? AudioDecoder.decode(.bytes(damaged)) else { continue }
                #expect(clip.samples.count * 100 >= expected.count, "\(container), byte \(place)")
            }
        }
    }

    /// A recorder that was killed leaves a size of nothing, a stream the largest there is: both are read to the end.
    @Test func sizesThatNobodyWroteAreTheRest() throws {
        for (container, field) in [("wav", 40), ("aiff", 42), ("au", 8), ("w64", 96)] {
            let bytes = try whole(container)
            let expected = try AudioDecoder.decode(.bytes(bytes)).samples
            let width = container == "w64" ? 8 : 4
            for value in container == "w64" ? [UInt8(0)] : [0, 0xFF] {
                var changed = bytes
                changed.replaceSubrange(field..<field + width, with: [UInt8](repeating: value, count: width))
                if container == "w64" { changed[field] = 24 }
                let samples = try AudioDecoder.decode(.bytes(changed)).samples
                #expect(samples.count >= expected.count - 8 && samples.prefix(31_000) == expected.prefix(31_000), "\(container)")
            }
        }
    }

    @Test func samplesBeyondAnyScaleAreNamed() throws {
        var bytes = Data(count: 0)
        let samples: [Float] = [0.1, 1e29, -0.1, 0.2]
        for word in [0x4646_4952, 36 + 16, 0x4556_4157, 0x2074_6D66, 16, 0x0001_0003, 8000, 32_000, 0x0020_0004, 0x6174_6164, 16]
            as [UInt32]
        {
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
        samples.withUnsafeBytes { bytes.append(contentsOf: $0) }
        #expect(reason(bytes)?.contains("beyond any full scale") == true)
    }
}
