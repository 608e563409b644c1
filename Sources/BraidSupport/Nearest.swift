/// The candidate that a misspelt `name` most likely means, or nil where none is near.
public func nearest(to name: String, in candidates: some Sequence<String>) -> String? {
    nearest(to: name, in: candidates, atMost: 1).first
}

/// The candidates that a misspelt or shortened `name` may mean, the likeliest first; none where none is near.
public func near(_ name: String, in candidates: some Sequence<String>, atMost count: Int) -> [String] {
    let all = Array(candidates)
    let misspelt = nearest(to: name, in: all, atMost: count)
    let longer = name.isEmpty ? [] : all.filter { $0.contains(name) && !misspelt.contains($0) }
    return Array((misspelt + longer).prefix(count))
}

private func nearest(to name: String, in candidates: some Sequence<String>, atMost count: Int) -> [String] {
    let wanted = Array(name.utf8.prefix(longest + 1))
    guard wanted.count <= longest else { return [] }
    let limit = max(2, name.count / 3)
    // No fewer bytes are changed than there are more of.
    let scored = candidates.lazy.filter { abs($0.utf8.count - wanted.count) <= limit }.map {
        (name: $0, distance: editDistance(wanted, Array($0.utf8)))
    }
    return scored.filter { $0.distance <= limit }.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(count).map(
        \.name)
}

/// A name of more bytes was not misspelt: a file means harm by it, for the time that is taken grows by its square.
private let longest = 300

/// Levenshtein's distance.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (i, l) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, r) in right.enumerated() {
            let substituted = diagonal + (l == r ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[right.count]
}
