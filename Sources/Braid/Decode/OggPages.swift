internal import CSound

/// Checks the pages of an Ogg file by libogg: libsndfile leaves a damaged page out, and takes the last one there is for the end.
enum OggPages {
    /// - Throws: `DecodeError` where a page's checksum is wrong, bytes lie between pages, or a stream does not end.
    static func check(_ bytes: SoundBytes) throws {
        guard bytes.bytes(at: 0, 4) == Array("OggS".utf8) else { return }
        var sync = ogg_sync_state()
        ogg_sync_init(&sync)
        defer { ogg_sync_clear(&sync) }
        var (page, offset, read) = (ogg_page(), 0, 0)
        var open: Set<Int32> = []
        while true {
            let size = ogg_sync_pageseek(&sync, &page)
            if size < 0 { throw bytes.damage("is damaged: bytes \(offset) to \(offset - size) are no whole Ogg page") }
            offset += size
            if size > 0 {
                let stream = ogg_page_serialno(&page)
                if ogg_page_eos(&page) != 0 { open.remove(stream) } else { open.insert(stream) }
                continue
            }
            let piece = bytes.bytes(at: read, 1 << 16)
            guard !piece.isEmpty, let buffer = ogg_sync_buffer(&sync, piece.count) else { break }
            piece.withUnsafeBytes {
                UnsafeMutableRawPointer(buffer).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(buffer), byteCount: $0.count)
            }
            ogg_sync_wrote(&sync, piece.count)
            read += piece.count
        }
        guard offset == bytes.count else {
            throw bytes.damage("is cut short or damaged: its last \(bytes.count - offset) bytes are no whole Ogg page")
        }
        guard open.isEmpty else { throw bytes.damage("is cut short: its last Ogg page is not the end of the stream") }
    }
}
