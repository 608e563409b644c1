/// NFC, NFD, NFKC or NFKD, with the decompositions of the reference.
struct UnicodeNormalizer: Normalizer {
    let composes: Bool
    let compatibly: Bool
    private let tables = UnicodeTables.shared

    init(composes: Bool, compatibly: Bool) {
        self.composes = composes
        self.compatibly = compatibly
    }

    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int) {
        var index = 0
        var run = ScalarRun()
        while index < text.count {
            // What precedes an ASCII character never reacts with it; what follows one may.
            let start = index
            while index < text.count, text[index] < 0x80 { index += 1 }
            if index == text.count {
                output.append(contentsOf: text.part(start, index))
                break
            }
            if index > start {
                output.append(contentsOf: text.part(start, index - 1))
                run.append(UInt32(text[index - 1]), 0)
            }
            while index < text.count, text[index] >= 0x80 {
                let (scalar, length) = text.scalar(at: index)
                index += length
                tables.decompositions.decompose(scalar, compatibly: compatibly) {
                    run.append($0, UInt8(truncatingIfNeeded: tables.combiningClasses[$0]))
                }
            }
            run.sort()
            if composes { run.compose(tables.decompositions) }
            for scalar in run.scalars { output.append(scalar: scalar) }
            run.removeAll()
        }
    }
}

/// Decomposed scalars with their combining classes, put into canonical order.
struct ScalarRun {
    private(set) var scalars: [UInt32] = []
    private var classes: [UInt8] = []
    private var isSorted = true

    @inline(__always)
    mutating func append(_ scalar: UInt32, _ combiningClass: UInt8) {
        if combiningClass > 0, let last = classes.last, last > combiningClass { isSorted = false }
        scalars.append(scalar)
        classes.append(combiningClass)
    }

    mutating func removeAll() {
        scalars.removeAll(keepingCapacity: true)
        classes.removeAll(keepingCapacity: true)
        isSorted = true
    }

    /// Orders each stretch of marks by combining class, equal ones as they stand.
    mutating func sort() {
        guard !isSorted else { return }
        var index = 0
        while index < scalars.count {
            guard classes[index] > 0 else {
                index += 1
                continue
            }
            let start = index
            while index < scalars.count, classes[index] > 0 { index += 1 }
            let order = (start..<index).sorted { (classes[$0], $0) < (classes[$1], $1) }
            let sorted = order.map { (scalars[$0], classes[$0]) }
            for (offset, pair) in sorted.enumerated() { (scalars[start + offset], classes[start + offset]) = pair }
        }
        isSorted = true
    }

    /// Canonical composition of sorted scalars (UAX #15, D117).
    mutating func compose(_ decompositions: Decompositions) {
        var starter: Int?
        var written = 0
        var lastClass = -1
        for index in scalars.indices {
            let (scalar, combiningClass) = (scalars[index], classes[index])
            if let starter, lastClass < Int(combiningClass), let composite = decompositions.composed(scalars[starter], scalar) {
                scalars[starter] = composite
                continue
            }
            if combiningClass == 0 {
                starter = written
                lastClass = -1
            } else {
                lastClass = Int(combiningClass)
            }
            scalars[written] = scalar
            classes[written] = combiningClass
            written += 1
        }
        scalars.removeLast(scalars.count - written)
        classes.removeLast(classes.count - written)
    }
}
