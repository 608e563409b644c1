internal import Foundation

/// An event file of TensorBoard's that is being written: TFRecord frames around `tensorflow.Event` messages.
struct EventFile {
    private let file: FileHandle
    private let url: URL

    /// Opens a new event file in `folder`.
    init(_ folder: URL) throws {
        let now = Date().timeIntervalSince1970
        let name = "events.out.tfevents.\(Int(bounded: now)).braid.\(ProcessInfo.processInfo.processIdentifier)"
        url = folder.appendingPathComponent(name)
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFault.last(url, "created") }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        // Event.file_version, field 3.
        try write(event: Protobuf.double(1, now) + Protobuf.bytes(3, Data("brain.Event:2".utf8)))
    }

    /// Writes values, each a `Summary.Value`, as one event.
    func write(_ values: [Data], step: Int) throws {
        let summary = values.reduce(into: Data()) { $0 += Protobuf.bytes(1, $1) }
        // Event: wall_time 1, step 2, summary 5.
        try write(
            event: Protobuf.double(1, Date().timeIntervalSince1970) + Protobuf.varint(2, UInt64(max(0, step)))
                + Protobuf.bytes(5, summary))
    }

    private func write(event: Data) throws {
        let length = withUnsafeBytes(of: UInt64(event.count).littleEndian) { Data($0) }
        try FileFault.naming(url) {
            try file.write(contentsOf: length + CRC32C.masked(length) + event + CRC32C.masked(event))
        }
    }
}

/// The wire format of the few fields that event files have.
enum Protobuf {
    static func varint(_ field: UInt64, _ value: UInt64) -> Data { raw(field << 3) + raw(value) }
    static func bytes(_ field: UInt64, _ value: Data) -> Data { raw(field << 3 | 2) + raw(UInt64(value.count)) + value }
    static func double(_ field: UInt64, _ value: Double) -> Data {
        raw(field << 3 | 1) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) }
    }
    static func float(_ field: UInt64, _ value: Float) -> Data {
        raw(field << 3 | 5) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) }
    }

    private static func raw(_ value: UInt64) -> Data {
        var value = value
        var data = Data()
        while value >= 0x80 {
            data.append(UInt8(value & 0x7F) | 0x80)
            value >>= 7
        }
        data.append(UInt8(value))
        return data
    }
}

/// CRC-32C (Castagnoli), masked as TFRecord asks.
private enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0x82F6_3B78 ^ (crc >> 1) : crc >> 1 }
    }

    static func masked(_ data: Data) -> Data {
        let crc = ~data.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ ($0 >> 8) }
        let mask = ((crc >> 15) | (crc << 17)) &+ 0xA282_EAD8
        return withUnsafeBytes(of: mask.littleEndian) { Data($0) }
    }
}
