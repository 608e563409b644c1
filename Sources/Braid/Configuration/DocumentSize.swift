internal import CYaml

/// How large a YAML document is once its aliases stand for what they name, found out before any of it is built.
///
/// A few lines of aliases of aliases stand for billions of nodes. libyaml, which Yams is made of, tells where nodes begin and end.
struct DocumentSize {
    /// Keys, values and lists, those of the root included, as far as they were counted.
    private(set) var nodes = 0
    /// What nodes with an anchor have in them, themselves included.
    private var anchors: [String: Int] = [:]
    /// Of each node that is open: its anchor, and how many nodes there were before it.
    private var open: [(anchor: String?, before: Int)] = []

    /// Counts up to a node more than `most`; a text that is no YAML as far as it can be read.
    init(_ yaml: String, most: Int) {
        var yaml = yaml
        yaml.withUTF8 { bytes in
            var parser = yaml_parser_t()
            guard yaml_parser_initialize(&parser) == 1 else { return }
            defer { yaml_parser_delete(&parser) }
            yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            var event = yaml_event_t()
            while nodes <= most, yaml_parser_parse(&parser, &event) == 1 {
                let isEnd = event.type == YAML_STREAM_END_EVENT
                take(event)
                yaml_event_delete(&event)
                if isEnd { return }
            }
        }
    }

    private mutating func take(_ event: yaml_event_t) {
        let data = event.data
        switch event.type {
        case YAML_SCALAR_EVENT:
            nodes += 1
            if let anchor = Self.name(data.scalar.anchor) { anchors[anchor] = 1 }
        case YAML_ALIAS_EVENT:
            let size = Self.name(data.alias.anchor).flatMap { anchors[$0] } ?? 1
            let (sum, overflows) = nodes.addingReportingOverflow(size)
            nodes = overflows ? .max : sum
        case YAML_SEQUENCE_START_EVENT: begin(Self.name(data.sequence_start.anchor))
        case YAML_MAPPING_START_EVENT: begin(Self.name(data.mapping_start.anchor))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            guard let (anchor, before) = open.popLast() else { return }
            if let anchor { anchors[anchor] = nodes - before }
        default: return
        }
    }

    private mutating func begin(_ anchor: String?) {
        open.append((anchor, nodes))
        nodes += 1
    }

    private static func name(_ anchor: UnsafeMutablePointer<yaml_char_t>?) -> String? { anchor.map { String(cString: $0) } }
}
