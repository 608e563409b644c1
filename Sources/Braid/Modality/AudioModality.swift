extension ModalityKind {
    /// Recordings, or stretches of them.
    static let audio = ModalityKind(
        name: "audio", sources: ["audio"], details: ["audio_start", "audio_end"], presentation: .sound,
        batching: Batching(window: 64, positions: 4096, hasLength: true),
        read: { cells in
            let recording = cells.medium("audio")
            let (start, end) = (cells.seconds("audio_start"), cells.seconds("audio_end"))
            if let end, end <= start ?? 0 { cells.fault("audio_end", "\(end) s is not after audio_start (\(start ?? 0) s)") }
            if recording == nil && (cells.cell("audio_start") != nil || cells.cell("audio_end") != nil) {
                cells.fault("audio", "is empty while audio_start or audio_end is given")
            }
            return recording.map { Medium($0.content, start: start, end: end) }
        },
        check: { try RecordingReader.check($0) })
}
