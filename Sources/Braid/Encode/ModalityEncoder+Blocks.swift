internal import Torch

extension ModalityEncoder {
    /// How many blocks lie in front of the first one that is trained now, or was by any of `earlier`: what they give of a medium never changes.
    ///
    /// 0 for an encoder that cannot stop between its blocks, and for one of which something outside of all blocks is trained.
    func frozenBlocks(after earlier: [Trainable] = []) -> Int {
        guard encoder is any BlockwiseEncoder else { return 0 }
        let paths = ([trainable] + earlier).flatMap(entries).filter { $0.kind == .parameter }.map(\.path)
        let trained = paths.map { path in encoder.blocks.firstIndex { $0.contains(where: path.hasPrefix) } ?? 0 }
        return trained.min() ?? encoder.blocks.count
    }

    /// What the first `count` blocks give of prepared samples.
    ///
    /// - Returns: Of each sample a tensor with a row a window, without the padding of the batch: `[R, T, C]`, `[R, C, H, W]` or `[R, C, T, F]`.
    func activations(_ prepared: [Tensor], behind count: Int) throws -> [Tensor] {
        let blocks = try blockwise()
        let input = try frontEnd.collate(prepared).moved(to: parameters.device)
        let parts = try chunks(input.values.shape[0], frames: input.values.shape[1] / frontEnd.grain, mode: .evaluate).map { rows in
            try blocks.run(0..<count, Activations(input.rows(rows)), mode: .evaluate)
        }
        var rows = try parts.flatMap(Self.split)[...]
        return try (input.rowsPerSample ?? prepared.map { _ in 1 }).map { count in
            defer { rows = rows.dropFirst(count) }
            return try Tensor.concatenate(Array(rows.prefix(count)), 0)
        }
    }

    /// Encodes samples from what the first `count` blocks gave of each.
    func encode(activations samples: [Tensor], behind count: Int, mode: Mode) throws -> Encoding {
        let all = try Self.joined(samples)
        let counts = samples.map { $0.shape[0] }
        let ranges = chunks(all.values.shape[0], frames: all.values.shape[Self.timeAxis(all.values)], mode: mode)
        let parts = try ranges.map { rows in
            let part = Activations(
                values: try all.values.slice(0, rows), mask: try all.mask?.slice(0, rows),
                lengths: all.lengths.map { Array($0[rows]) })
            return try run(from: count, part, mode: mode).inFloat32()
        }
        guard parts.count > 1 || counts.contains(where: { $0 != 1 }) else { return parts[0] }
        return try Encoding.joined(parts, rowsPerSample: counts)
    }

    /// Brings a batch through the blocks from `first` on. Those in front of the first one that is trained act as in use.
    func run(from first: Int, _ input: Activations, mode: Mode) throws -> Encoding {
        let blocks = try blockwise()
        let trained = mode.isTraining ? max(first, frozenInFront) : first
        let between = first < trained ? try blocks.run(first..<trained, input, mode: .evaluate) : input
        return try blocks.encoding(blocks.run(trained..<encoder.blocks.count, between, mode: mode), mode: mode)
    }

    private func blockwise() throws -> any BlockwiseEncoder {
        guard let blocks = encoder as? any BlockwiseEncoder else {
            throw BraidError(.internal, "\(architecture) cannot stop between its blocks")
        }
        return blocks
    }

    /// Time in a text and in a spectrogram's map; that of a picture is its height, which all have alike.
    private static func timeAxis(_ values: Tensor) -> Int { values.shape.count == 4 ? 2 : 1 }

    /// A batch's rows one by one, without padding.
    private static func split(_ batch: Activations) throws -> [Tensor] {
        let lengths = try batch.mask.map { try $0.converted(to: .int64).sum([1]).moved(to: .cpu).array(of: Int64.self) }
        return try (0..<batch.values.shape[0]).map { row in
            let one = try batch.values.slice(0, row..<row + 1)
            return try lengths.map { try one.slice(timeAxis(one), 0..<Int($0[row])) } ?? one
        }
    }

    /// Rows of several samples in one batch, padded with zeros to the longest.
    private static func joined(_ samples: [Tensor]) throws -> Activations {
        let axis = timeAxis(samples[0])
        let lengths = samples.flatMap { sample in (0..<sample.shape[0]).map { _ in sample.shape[axis] } }
        let longest = lengths.max() ?? 0
        guard lengths.contains(where: { $0 != longest }) else { return Activations(values: try .concatenate(samples, 0)) }
        let inner = [Int](repeating: 0, count: 2 * (samples[0].shape.count - 1 - axis))
        let padded = try samples.map { try $0.padded(inner + [0, longest - $0.shape[axis]]) }
        return Activations(
            values: try .concatenate(padded, 0), mask: try lengthMask(lengths, longest).moved(to: samples[0].device),
            lengths: lengths)
    }
}
